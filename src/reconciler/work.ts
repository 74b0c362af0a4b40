import { type Action, runIdOf } from '../model/action';
import type { Device } from '../model/device';
import type { NewRun } from '../model/ports';
import type { RunRecord } from '../model/run';
import type { Adoption } from './adoption';
import type { Decision } from './decide';

/** Something that a pass found to do on a device. */
export type Work =
  | { readonly kind: 'start'; readonly action: Action }
  | { readonly kind: 'adopt'; readonly run: RunRecord; readonly device: Device }
  | { readonly kind: 'lose'; readonly run: RunRecord };

/** The run that an action is carried out by. */
export function runOf({ id, attempt, device, kind, slot }: Action): Omit<NewRun, 'nonce' | 'place' | 'startedAt'> {
  const runId = runIdOf(id, attempt);
  return { runId, actionId: id, kind, device: device.uuid, deviceName: device.name, slot, attempt };
}

/** All that follows from a decision and from the runs that nobody follows, in the order in which it is done. */
export function workOf({ actions }: Decision, { adopt, lost }: Adoption): readonly Work[] {
  return [
    ...lost.map((run): Work => ({ kind: 'lose', run })),
    ...adopt.map(({ run, device }): Work => ({ kind: 'adopt', run, device })),
    ...actions.map((action): Work => ({ kind: 'start', action })),
  ];
}
