import type { DatabaseSync } from 'node:sqlite';
import type { DeviceUuid, Instant, RunId } from '../model/brand';
import type { RunEnding } from '../model/ports';
import { type RunRecord, storedBy } from '../model/run';
import type { Slot } from '../model/slot';
import { attemptsOf, type StoredRun, storedRunOf } from './rows';
import { statement } from './statement';

/** What `history` shows of a device at the most. What decisions need of older runs is kept beside. */
const KEPT_RUNS = 50;

/** Commits the outcome of an active run and gives its device; null when it had ended already. */
export function finishRun(database: DatabaseSync, runId: RunId, ending: RunEnding): DeviceUuid | null {
  const row = statement(database, 'SELECT * FROM run WHERE run_id = ? AND ended_at IS NULL').get(runId);
  if (row === undefined) return null;
  const stored = storedRunOf(row);
  const { device, slot, kind } = stored.run;
  const snapshot = storedBy(ending);
  statement(database, 'UPDATE run SET ended_at = ?, outcome = ?, stored_mode = ? WHERE seq = ?').run(
    ending.endedAt,
    JSON.stringify(ending.outcome),
    snapshot?.mode ?? null,
    stored.seq,
  );
  if (kind === 'backup') statement(database, 'UPDATE device SET last_run = ? WHERE uuid = ?').run(stored.seq, device);
  if (snapshot !== null) recordSuccess(database, stored);
  else if (slot.kind !== 'manual') recordFailure(database, device, ending);
  if (ending.handled) markHandled(database, device, slot);
  if (ending.handled && slot.kind === 'schedule') forgetAttempts(database, stored.run);
  prune(database, device);
  return device;
}

/** Marks the slot as handled, and with it all earlier ones. A run by hand has no slot that could be due. */
export function markHandled(database: DatabaseSync, device: DeviceUuid, slot: Slot): void {
  switch (slot.kind) {
    case 'schedule':
      statement(database, 'UPDATE device SET handled_slot = max(ifnull(handled_slot, ?1), ?1) WHERE uuid = ?2').run(
        slot.at,
        device,
      );
      return;
    case 'request':
      statement(database, 'UPDATE device SET handled_request = ? WHERE uuid = ?').run(slot.token, device);
      return;
    case 'manual':
      return;
  }
}

/** What `Ledger.leave` promises. */
export function leaveContainer(database: DatabaseSync, runId: RunId, until: Instant | null): void {
  if (until === null) statement(database, 'UPDATE run SET remains = 0 WHERE run_id = ? AND remains = 1').run(runId);
  else statement(database, 'UPDATE run SET lease_until = ? WHERE run_id = ? AND remains = 1').run(until, runId);
}

/** A slot that is handled is never tried again; a request's token may come back. */
function forgetAttempts(database: DatabaseSync, { device, actionId }: RunRecord): void {
  const row = statement(database, 'SELECT attempts FROM device WHERE uuid = ?').get(device);
  const others = attemptsOf(String(row?.['attempts'])).filter(([action]) => action !== actionId);
  statement(database, 'UPDATE device SET attempts = ? WHERE uuid = ?').run(JSON.stringify(others), device);
}

/** The newest full at the place of this success is the one that the next incremental would stand on. */
function recordSuccess(database: DatabaseSync, { seq, run }: StoredRun): void {
  statement(
    database,
    `UPDATE device SET failures = 0, retry_at = NULL, last_success = ?1, last_full =
         (SELECT max(seq) FROM run WHERE device = ?2 AND place = ?3 AND stored_mode = 'full') WHERE uuid = ?2`,
  ).run(seq, run.device, run.place);
}

/** A failure by hand does not come here: it is its person's to repeat, and neither starts nor ends a backoff. */
function recordFailure(database: DatabaseSync, device: DeviceUuid, ending: RunEnding): void {
  statement(database, 'UPDATE device SET failures = failures + ?, retry_at = ? WHERE uuid = ?').run(
    ending.counts ? 1 : 0,
    ending.retryAt,
    device,
  );
}

/** Keeps the latest runs, the last backup, the last success, and the newest full at each place. */
function prune(database: DatabaseSync, device: DeviceUuid): void {
  statement(
    database,
    `DELETE FROM run WHERE device = ?1 AND ended_at IS NOT NULL
         AND seq <= (SELECT seq FROM run WHERE device = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ${String(KEPT_RUNS)})
         AND seq IS NOT (SELECT last_run FROM device WHERE uuid = ?1)
         AND seq IS NOT (SELECT last_success FROM device WHERE uuid = ?1)
         AND seq NOT IN (SELECT max(seq) FROM run WHERE device = ?1 AND stored_mode = 'full' GROUP BY place)`,
  ).run(device);
}
