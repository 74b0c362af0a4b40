import { createHash } from 'node:crypto';
import type { ActionId, DeviceUuid, Instant } from './brand';
import { ActionId as ActionIdCodec, RunId } from './brand';
import type { Device } from './device';
import type { DuplicityCommand } from './duplicitycommand';
import type { Policy, Target } from './policy';
import type { RestoreOrder, SurveyQuestion } from './restoreorder';
import { type Slot, slotText } from './slot';

/** One map from kind to arguments: the union, the executor table and the log fields derive from it. */
export interface ActionArgs {
  readonly backup: { readonly mode: 'auto' | 'full'; readonly policy: Policy };
  readonly execute: { readonly command: DuplicityCommand };
  /** `source`: whose snapshots they are. */
  readonly survey: { readonly source: DeviceUuid; readonly question: SurveyQuestion };
  readonly restore: { readonly source: DeviceUuid; readonly order: RestoreOrder };
}

export type ActionKind = keyof ActionArgs;

export type ActionOf<K extends ActionKind> = {
  readonly kind: K;
  readonly id: ActionId;
  readonly device: Device;
  /** Where the snapshots are that it is about. */
  readonly target: Target;
  readonly slot: Slot;
  /** The earliest slot that this action makes up for: order and fairness go by it. */
  readonly dueSince: Instant;
  /** 1 for the first try of this action. */
  readonly attempt: number;
} & ActionArgs[K];

export type Action = { readonly [K in ActionKind]: ActionOf<K> }[ActionKind];

/** The same device, kind and slot always give the same id: doing an action twice is seen. */
export function actionIdOf(device: DeviceUuid, kind: ActionKind, slot: Slot): ActionId {
  const digest = hash([device, kind, slotText(slot)]);
  if (ActionIdCodec.is(digest)) return digest;
  throw new TypeError('a digest is always an action id');
}

/** A run is one attempt at an action. */
export function runIdOf(action: ActionId, attempt: number): RunId {
  const digest = hash([action, String(attempt)]);
  if (RunId.is(digest)) return digest;
  throw new TypeError('a digest is always a run id');
}

function hash(parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 20);
}
