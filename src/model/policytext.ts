import { describeOrigin } from './describe';
import type { Policy, Resolved, VolumeSelection } from './policy';

/** A policy in one sentence, with where its parts come from. Shows no credential. */
export function describePolicy({ target, volumes, schedule }: Policy): string {
  return [
    `${volumesText(volumes.value)} (${from(volumes)})`,
    `to ${target.value.shown} (${from(target)})`,
    `at "${schedule.value.text}" ${schedule.value.timezone} (${from(schedule)})`,
  ].join(' ');
}

/** The volumes of a policy, for people. */
export function volumesText(volumes: VolumeSelection): string {
  if (volumes.kind === 'all') return 'all volumes';
  return `${volumes.names.length === 1 ? 'volume' : 'volumes'} ${volumes.names.join(', ')}`;
}

function from({ origin }: Resolved<unknown>): string {
  return describeOrigin(origin);
}
