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
