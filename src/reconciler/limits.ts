import type { Instant } from '../model/brand';

/** Gives the present moment; a test's clock stands still until told. */
export interface Clock {
  now(): Instant;
}

/** What bounds the decision. */
export interface Limits {
  /** Runs at once over the whole fleet. */
  readonly maxConcurrentRuns: number;
  /** A slot that is later than this is skipped; null: never. */
  readonly startingDeadlineMs: number | null;
}

/** How long an active run is ours without a renewal. */
export const LEASE_MS = 30_000;
/** How often a lease is renewed: two renewals may fail before it is lost. */
export const RENEW_MS = 10_000;
/** How long a run whose link was lost is left alone before the next try to adopt it. */
export const ADOPT_PAUSE_MS = 60_000;
/** How long after its time limit a run on a device that stays away, or says nothing, counts as lost. */
export const LOST_AFTER_MS = 3_600_000;
/** How long a device may take to remove the container of a run whose result it has just given. */
export const CLEARED_WITHIN_MS = 300_000;
/** How long the last answer of the API is good enough to start runs by. */
export const STALE_AFTER_MS = 600_000;
/** The API is asked again after this at the latest, even where it wants to be left alone for longer. */
export const LONGEST_API_PAUSE_MS = 3_600_000;
/** How long a target or credential that failed is left alone before one device tries it, and then before the next one does. */
export const PROBE_PAUSE_MS = 300_000;
