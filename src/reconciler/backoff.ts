import { type Instant, instantOf } from '../model/brand';

const FIRST_MS = 60_000;
const LONGEST_MS = 6 * 3_600_000;

/**
 * How long to wait after so many failures in a row (1 or more): doubling from a minute to six hours, of which the upper
 * half is left to `random` (0 to 1), so that devices that failed together do not come back together.
 */
export function backoffMs(failures: number, random: number): number {
  const ceiling = Math.min(FIRST_MS * 2 ** (Math.max(1, failures) - 1), LONGEST_MS);
  return Math.round((ceiling / 2) * (1 + random));
}

/** The instant before which a device is not tried again after so many failures in a row. */
export function retryAtOf(failures: number, now: Instant, random: number): Instant {
  return instantOf(now + backoffMs(failures, random));
}
