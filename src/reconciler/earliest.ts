import { type Instant, instantOf } from '../model/brand';

/** The earliest that is known, or null. */
export function earliest(instants: readonly (Instant | null)[]): Instant | null {
  const known = instants.filter((at) => at !== null);
  return known.length === 0 ? null : instantOf(Math.min(...known));
}
