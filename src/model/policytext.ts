import { describeOrigin } from './describe';
import type { PolicyLine } from './explanation';
import type { Policy, Resolved, Target, VolumeSelection } from './policy';
import { bytesText } from './shown';

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

/** Every field of a policy with its value and its origin, for people. Shows no credential. */
export function policyLines(policy: Policy): readonly PolicyLine[] {
  const { target, volumes, schedule, timezone, fullEvery, keepFull, bandwidth, request, address } = policy;
  return [
    lineOf('target', target, targetText(target.value)),
    lineOf('volumes', volumes, volumesText(volumes.value)),
    lineOf('schedule', schedule, schedule.value.text),
    lineOf('timezone', timezone, timezone.value),
    lineOf('full every', fullEvery, fullEvery.value.text),
    lineOf('keep full', keepFull, keepFull.value === null ? 'all' : String(keepFull.value)),
    lineOf('bandwidth', bandwidth, bandwidth.value === null ? 'no limit' : `${bytesText(bandwidth.value)}/s`),
    ...(request === null ? [] : [lineOf('request', request, request.value)]),
    ...(address === null ? [] : [lineOf('address', address, address.value)]),
  ];
}

/** Options have names only here: an expanded variable may stand in their values. */
function targetText({ shown, filePrefix, options }: Target): string {
  const prefix = filePrefix === null ? '' : `, files begin with ${filePrefix}`;
  const names = options.map((option) => option.replace(/=.*/s, '')).filter((name) => name !== '--file-prefix');
  return `${shown}${prefix}${names.length === 0 ? '' : `, with ${names.join(' ')}`}`;
}

function lineOf(field: string, { origin }: Resolved<unknown>, value: string): PolicyLine {
  return { field, value, origin };
}

function from({ origin }: Resolved<unknown>): string {
  return describeOrigin(origin);
}
