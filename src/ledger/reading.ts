import type { DatabaseSync } from 'node:sqlite';
import type { DeviceUuid } from '../model/brand';
import type { KnownDevice, RunMark, RunNews } from '../model/ports';
import { type DeviceFacts, type RunRecord, storedBy } from '../model/run';
import { attemptsOf, decodeRow, DeviceRow, type StoredRun, storedRunOf } from './rows';

/** Runs that have ended, by their place in the order of runs: they never change, so they are read and decoded once. */
export type EndedRuns = Map<number, RunRecord>;

/** Facts of every device that was ever seen enabled. `known` is filled, and emptied of what no device points to any more. */
export function readFacts(database: DatabaseSync, known: EndedRuns): ReadonlyMap<DeviceUuid, DeviceFacts> {
  const rows = readDevices(database, 'WHERE seen = 1');
  const wanted = new Set(rows.flatMap((row) => [row.last_run, row.last_success, row.last_full]));
  for (const seq of known.keys()) if (!wanted.has(seq)) known.delete(seq);
  const missing = [...wanted].filter((seq) => seq !== null && !known.has(seq));
  for (const { seq, run } of readEnded(database, missing)) known.set(seq, run);
  const active = new Map(readActive(database).map((run) => [run.device, run]));
  return new Map(rows.map((row) => [row.uuid, factsOf(row, known, active.get(row.uuid) ?? null)]));
}

/** All devices that a pass saw enabled or a person ran something on, by name. */
export function readKnown(database: DatabaseSync): readonly KnownDevice[] {
  const facts = readFacts(database, new Map());
  const rows = readDevices(database, 'ORDER BY name, uuid');
  return rows.map(({ uuid, name, enabled }) => ({
    uuid,
    name,
    isEnabled: enabled === 1,
    facts: facts.get(uuid) ?? null,
  }));
}

/** The active runs, in the order in which they were started. */
export function readActive(database: DatabaseSync): readonly RunRecord[] {
  const rows = database.prepare('SELECT * FROM run INDEXED BY run_active WHERE ended_at IS NULL ORDER BY seq').all();
  return rows.map((row) => storedRunOf(row).run);
}

/** What `Ledger.news` promises. */
export function readNews(database: DatabaseSync, mark: RunMark | null): RunNews {
  const active = new Set(activeSeqs(database));
  const last = Number(database.prepare('SELECT max(seq) AS seq FROM run').get()?.['seq'] ?? 0);
  if (mark === null) return { begun: [], ended: [], mark: { upTo: last, active } };
  const begun = database.prepare('SELECT * FROM run WHERE seq > ? ORDER BY seq').all(mark.upTo).map(storedRunOf);
  const gone = readEnded(
    database,
    [...mark.active].filter((seq) => !active.has(seq)).sort((a, b) => a - b),
  );
  const ended = [...gone, ...begun.filter(({ seq }) => !active.has(seq))];
  return { begun: begun.map(runOf), ended: ended.map(runOf), mark: { upTo: Math.max(last, mark.upTo), active } };
}

function activeSeqs(database: DatabaseSync): readonly number[] {
  const rows = database.prepare('SELECT seq FROM run INDEXED BY run_active WHERE ended_at IS NULL').all();
  return rows.map((row) => Number(row['seq']));
}

function runOf({ run }: StoredRun): RunRecord {
  return run;
}

/** The device's runs, latest first. */
export function readRunsOf(database: DatabaseSync, device: DeviceUuid, limit: number): readonly RunRecord[] {
  const rows = database.prepare('SELECT * FROM run WHERE device = ? ORDER BY seq DESC LIMIT ?').all(device, limit);
  return rows.map((row) => storedRunOf(row).run);
}

/** The rows of `device`, all or those that the clause selects. */
export function readDevices(database: DatabaseSync, where = ''): readonly DeviceRow[] {
  return database
    .prepare(`SELECT * FROM device ${where}`)
    .all()
    .map((row) => decodeRow(DeviceRow, row, 'a device'));
}

function readEnded(database: DatabaseSync, seqs: readonly (number | null)[]): readonly StoredRun[] {
  if (seqs.length === 0) return [];
  return database
    .prepare('SELECT run.* FROM json_each(?) AS wanted JOIN run ON run.seq = wanted.value')
    .all(JSON.stringify(seqs))
    .map(storedRunOf);
}

function factsOf(row: DeviceRow, ended: EndedRuns, active: RunRecord | null): DeviceFacts {
  const endedRun = (seq: number | null): RunRecord | null => (seq === null ? null : (ended.get(seq) ?? null));
  const full = endedRun(row.last_full);
  return {
    device: row.uuid,
    enabledSince: row.enabled_since,
    scheduleSince: row.schedule_since,
    scheduleKey: row.schedule_key,
    handledSlot: row.handled_slot,
    handledRequest: row.handled_request,
    active,
    last: endedRun(row.last_run),
    lastSuccess: endedRun(row.last_success),
    lastFullAt: storedBy(full)?.snapshotAt ?? null,
    lastFullPlace: full?.place ?? null,
    failures: row.failures,
    retryAt: row.retry_at,
    attempts: new Map(attemptsOf(row.attempts)),
  };
}
