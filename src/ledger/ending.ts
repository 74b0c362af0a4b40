import type { DatabaseSync } from 'node:sqlite';
import type { DeviceUuid, RunId } from '../model/brand';
import type { RunEnding } from '../model/ports';
import { storedBy } from '../model/run';
import type { Slot } from '../model/slot';
import { type StoredRun, storedRunOf } from './rows';

/** What `history` shows of a device at the most. What decisions need of older runs is kept beside. */
const KEPT_RUNS = 50;

/** Commits the outcome of an active run. False when it had ended already. */
export function finishRun(database: DatabaseSync, runId: RunId, ending: RunEnding): boolean {
  const row = database.prepare('SELECT * FROM run WHERE run_id = ? AND ended_at IS NULL').get(runId);
  if (row === undefined) return false;
  const stored = storedRunOf(row);
  const { device, slot, kind } = stored.run;
  const snapshot = storedBy(ending);
  database
    .prepare('UPDATE run SET ended_at = ?, outcome = ?, stored_mode = ? WHERE seq = ?')
    .run(ending.endedAt, JSON.stringify(ending.outcome), snapshot?.mode ?? null, stored.seq);
  if (kind === 'backup') database.prepare('UPDATE device SET last_run = ? WHERE uuid = ?').run(stored.seq, device);
  if (snapshot !== null) recordSuccess(database, stored);
  else if (slot.kind !== 'manual') recordFailure(database, device, ending);
  if (ending.handled) markHandled(database, device, slot);
  prune(database, device);
  return true;
}

/** Marks the slot as handled, and with it all earlier ones. A run by hand has no slot that could be due. */
export function markHandled(database: DatabaseSync, device: DeviceUuid, slot: Slot): void {
  switch (slot.kind) {
    case 'schedule':
      database
        .prepare('UPDATE device SET handled_slot = max(ifnull(handled_slot, ?1), ?1) WHERE uuid = ?2')
        .run(slot.at, device);
      return;
    case 'request':
      database.prepare('UPDATE device SET handled_request = ? WHERE uuid = ?').run(slot.token, device);
      return;
    case 'manual':
      return;
  }
}

/** The newest full at the place of this success is the one that the next incremental would stand on. */
function recordSuccess(database: DatabaseSync, { seq, run }: StoredRun): void {
  database
    .prepare(
      `UPDATE device SET failures = 0, retry_at = NULL, last_success = ?1, last_full =
         (SELECT max(seq) FROM run WHERE device = ?2 AND place = ?3 AND stored_mode = 'full') WHERE uuid = ?2`,
    )
    .run(seq, run.device, run.place);
}

/** A failure by hand does not come here: it is its person's to repeat, and neither starts nor ends a backoff. */
function recordFailure(database: DatabaseSync, device: DeviceUuid, ending: RunEnding): void {
  database
    .prepare('UPDATE device SET failures = failures + ?, retry_at = ? WHERE uuid = ?')
    .run(ending.counts ? 1 : 0, ending.retryAt, device);
}

/** Keeps the latest runs, the last success, and the newest full at each place. */
function prune(database: DatabaseSync, device: DeviceUuid): void {
  database
    .prepare(
      `DELETE FROM run WHERE device = ?1 AND ended_at IS NOT NULL
         AND seq <= (SELECT seq FROM run WHERE device = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ${String(KEPT_RUNS)})
         AND seq IS NOT (SELECT last_success FROM device WHERE uuid = ?1)
         AND seq NOT IN (SELECT max(seq) FROM run WHERE device = ?1 AND stored_mode = 'full' GROUP BY place)`,
    )
    .run(device);
}
