import type { ActionOf } from './action';
import type { Instant } from './brand';
import type { PolicyProblem } from './policy';

export type HoldReason =
  'in-flight' | 'backing-off' | 'target-unavailable' | 'credential-refused' | 'api-stale' | 'offline' | 'at-limit';

/** The questions of the decision, in the order in which they are asked. */
export type GuardName =
  | 'not-enabled'
  | 'policy-problems'
  | 'in-flight'
  | 'nothing-due'
  | 'starting-deadline'
  | 'backing-off'
  | 'target-unavailable'
  | 'credential-refused'
  | 'api-stale'
  | 'offline'
  | 'at-limit';

/** The answer for one device. */
export type Verdict =
  | { readonly kind: 'due'; readonly action: ActionOf<'backup'> }
  | { readonly kind: 'not-due'; readonly nextSlot: Instant | null }
  | { readonly kind: 'held'; readonly reason: HoldReason; readonly until: Instant | null }
  | { readonly kind: 'not-enabled' }
  | { readonly kind: 'rejected'; readonly problems: readonly PolicyProblem[] };

/** How many devices have each verdict. */
export interface VerdictCounts {
  devices: number;
  due: number;
  held: number;
  notDue: number;
  rejected: number;
  notEnabled: number;
}

const COUNTED = {
  due: 'due',
  held: 'held',
  rejected: 'rejected',
  'not-due': 'notDue',
  'not-enabled': 'notEnabled',
} as const satisfies Readonly<Record<Verdict['kind'], keyof VerdictCounts>>;

export function countVerdicts(verdicts: Iterable<Verdict>): Readonly<VerdictCounts> {
  const counts: VerdictCounts = { devices: 0, due: 0, held: 0, notDue: 0, rejected: 0, notEnabled: 0 };
  for (const { kind } of verdicts) {
    counts.devices += 1;
    counts[COUNTED[kind]] += 1;
  }
  return counts;
}
