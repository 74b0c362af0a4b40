import { createHash } from 'node:crypto';

/**
 * A device's own value in `from..to` (both included) for one field of a schedule: always the same for the same device
 * and field, and spread evenly over devices, each field on its own. Fields count from 0 = seconds to 5 = weekday,
 * whether or not the schedule has seconds.
 */
export function hashed(uuid: string, field: number, from: number, to: number): number {
  const digest = createHash('sha256')
    .update(`${uuid}:${String(field)}`)
    .digest();
  return from + (digest.readUIntBE(0, 6) % (to - from + 1));
}
