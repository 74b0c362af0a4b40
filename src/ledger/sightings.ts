import type { DatabaseSync } from 'node:sqlite';
import type { DeviceUuid, Instant } from '../model/brand';
import type { Sighting } from '../model/ports';
import { readDevices } from './reading';
import type { DeviceRow } from './rows';

/** Longer than any backoff, and than clocks are corrected by in normal life. */
const CORRECTED_MS = 86_400_000;

/** The enabled devices of a pass, and those that would be but for a problem of their policy. */
export interface Seen {
  readonly sightings: readonly Sighting[];
  readonly rejected: ReadonlySet<DeviceUuid>;
}

/** Records what a pass saw. Only what has changed is written, so a quiet fleet costs its storage nothing. */
export function recordSightings(database: DatabaseSync, { sightings, rejected }: Seen, now: Instant): void {
  const known = new Map(readDevices(database).map((row) => [row.uuid, row]));
  const disable = database.prepare('UPDATE device SET enabled = 0 WHERE uuid = ?');
  const seen = new Set([...rejected, ...sightings.map(({ device }) => device)]);
  for (const row of known.values()) if (row.enabled === 1 && !seen.has(row.uuid)) disable.run(row.uuid);
  recordEach(database, sightings, known, now);
}

function recordEach(
  database: DatabaseSync,
  sightings: readonly Sighting[],
  known: ReadonlyMap<string, DeviceRow>,
  now: Instant,
): void {
  const insert = database.prepare(`INSERT INTO device
    (uuid, name, seen, enabled, enabled_since, schedule_since, schedule_key, policy_key, handled_request)
    VALUES (?1, ?2, 1, 1, ?3, ?3, ?4, ?5, ?6)
    ON CONFLICT (uuid) DO UPDATE SET name = ?2, seen = 1, enabled = 1, enabled_since = ?3, schedule_since = ?3,
      schedule_key = ?4, policy_key = ?5, handled_request = ?6`);
  const update = database.prepare(`UPDATE device SET name = ?2, enabled = 1, schedule_key = ?3, policy_key = ?4,
    enabled_since = ?5, schedule_since = ?6, handled_slot = ?7, failures = ?8, retry_at = ?9 WHERE uuid = ?1`);
  for (const sighting of sightings) {
    const { device, name, scheduleKey, policyKey, request } = sighting;
    const row = known.get(device);
    if (row?.seen !== 1) {
      // Nothing tells whether a token found at the first sight was handled before: a run nobody asked for is worse than none.
      insert.run(device, name, now, scheduleKey, policyKey, request);
    } else if (!isUnchanged(row, sighting) || isAhead(row, now)) {
      update.run(device, name, scheduleKey, policyKey, ...timesOf(row, sighting, now));
    }
  }
}

function isUnchanged(row: DeviceRow, sighting: Sighting): boolean {
  return (
    row.enabled === 1 &&
    row.name === sighting.name &&
    row.schedule_key === sighting.scheduleKey &&
    row.policy_key === sighting.policyKey
  );
}

/**
 * True where an instant lies further ahead than a clock that was merely corrected explains: it was written by a clock
 * that was wrong, and the device would wait for that day without a snapshot.
 */
function isAhead({ enabled_since, schedule_since, handled_slot, retry_at }: DeviceRow, now: Instant): boolean {
  return [enabled_since, schedule_since, handled_slot, retry_at].some((at) => isTooFar(at, now));
}

function isTooFar(at: Instant | null, now: Instant): boolean {
  return at !== null && at > now + CORRECTED_MS;
}

/** `enabled_since`, `schedule_since`, `handled_slot`, `failures` and `retry_at` after this sighting. */
function timesOf(row: DeviceRow, sighting: Sighting, now: Instant): readonly (number | null)[] {
  const isSameStretch = row.enabled === 1 && !isTooFar(row.enabled_since, now);
  const isSameSchedule = row.schedule_key === sighting.scheduleKey && !isTooFar(row.schedule_since, now);
  const isSamePolicy = row.policy_key === sighting.policyKey;
  // With a wrong `handled_slot` gone, this pass is the baseline.
  const isWrongSlot = isTooFar(row.handled_slot, now);
  return [
    isSameStretch && !isWrongSlot ? row.enabled_since : now,
    isSameSchedule ? row.schedule_since : now,
    isWrongSlot ? null : row.handled_slot,
    isSamePolicy ? row.failures : 0,
    isSamePolicy && !isTooFar(row.retry_at, now) ? row.retry_at : null,
  ];
}
