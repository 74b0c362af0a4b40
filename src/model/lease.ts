import type { Instant } from './brand';
import type { RunRecord } from './run';

/** A lease that is granted for longer than this was granted by a clock that has been set back since. */
export const LONGEST_LEASE_MS = 600_000;

/** Whether somebody looks after a run: its lease is not over, and can be true. */
export function isLeased({ leaseUntil }: Pick<RunRecord, 'leaseUntil'>, now: Instant): boolean {
  return now < leaseUntil && leaseUntil <= now + LONGEST_LEASE_MS;
}
