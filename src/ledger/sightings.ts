import type { DatabaseSync } from 'node:sqlite';
import type { Instant } from '../model/brand';
import type { Sighting } from '../model/ports';
import { readDevices } from './reading';
import type { DeviceRow } from './rows';

/** Records what a pass saw. Only what has changed is written, so a quiet fleet costs its storage nothing. */
export function recordSightings(database: DatabaseSync, sightings: readonly Sighting[], now: Instant): void {
  const known = new Map(readDevices(database).map((row) => [row.uuid, row]));
  const disable = database.prepare('UPDATE device SET enabled = 0 WHERE uuid = ?');
  const seen = new Set(sightings.map(({ device }) => device));
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
  const update = database.prepare(`UPDATE device SET name = ?2, enabled = 1, enabled_since = ?3, schedule_since = ?4,
    schedule_key = ?5, policy_key = ?6, failures = ?7, retry_at = ?8 WHERE uuid = ?1`);
  for (const sighting of sightings) {
    const { device, name, scheduleKey, policyKey, request } = sighting;
    const row = known.get(device);
    if (row?.seen !== 1) {
      // Nothing tells whether a token found at the first sight was handled before: a run nobody asked for is worse than none.
      insert.run(device, name, now, scheduleKey, policyKey, request);
    } else if (!isUnchanged(row, sighting)) {
      const next = changedRow(row, sighting, now);
      update.run(device, name, next.enabledSince, next.scheduleSince, scheduleKey, policyKey, ...next.backoff);
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

function changedRow(
  row: DeviceRow,
  sighting: Sighting,
  now: Instant,
): {
  readonly enabledSince: Instant;
  readonly scheduleSince: Instant;
  readonly backoff: readonly [failures: number, retryAt: number | null];
} {
  return {
    enabledSince: row.enabled === 1 ? row.enabled_since : now,
    scheduleSince: row.schedule_key === sighting.scheduleKey ? row.schedule_since : now,
    backoff: row.policy_key === sighting.policyKey ? [row.failures, row.retry_at] : [0, null],
  };
}
