import type { DatabaseSync } from 'node:sqlite';
import type { DeviceUuid } from '../model/brand';
import type { RunMark, RunNews } from '../model/ports';
import type { RunRecord } from '../model/run';
import { decodeRow, DeviceRow, type Ending, endingOf, type StoredRun, storedRunOf } from './rows';
import { statement } from './statement';

/** The active runs, in the order in which they were started. */
export function readActive(database: DatabaseSync): readonly RunRecord[] {
  const rows = statement(database, 'SELECT * FROM run INDEXED BY run_active WHERE ended_at IS NULL ORDER BY seq').all();
  return rows.map((row) => storedRunOf(row).run);
}

/** The runs that have ended and whose containers may still be on their devices. */
export function readRemaining(database: DatabaseSync): readonly RunRecord[] {
  const sql = 'SELECT * FROM run INDEXED BY run_remains WHERE remains = 1 AND ended_at IS NOT NULL ORDER BY seq';
  return statement(database, sql)
    .all()
    .map((row) => storedRunOf(row).run);
}

/** What `Ledger.news` promises. */
export function readNews(database: DatabaseSync, mark: RunMark | null): RunNews {
  const active = new Set(activeSeqs(database));
  const last = Number(statement(database, 'SELECT max(seq) AS seq FROM run').get()?.['seq'] ?? 0);
  if (mark === null) return { begun: [], ended: [], mark: { upTo: last, active } };
  const begun = statement(database, 'SELECT * FROM run WHERE seq > ? ORDER BY seq').all(mark.upTo).map(storedRunOf);
  const gone = readEnded(
    database,
    [...mark.active].filter((seq) => !active.has(seq)).sort((a, b) => a - b),
  );
  const ended = [...gone, ...begun.filter(({ seq }) => !active.has(seq))];
  return { begun: begun.map(runOf), ended: ended.map(runOf), mark: { upTo: Math.max(last, mark.upTo), active } };
}

function activeSeqs(database: DatabaseSync): readonly number[] {
  const rows = statement(database, 'SELECT seq FROM run INDEXED BY run_active WHERE ended_at IS NULL').all();
  return rows.map((row) => Number(row['seq']));
}

function runOf({ run }: StoredRun): RunRecord {
  return run;
}

/** Nonces of the latest of the device's runs that have ended, latest first. */
export function readEndedNonces(database: DatabaseSync, device: DeviceUuid, limit: number): readonly string[] {
  const sql = 'SELECT nonce FROM run WHERE device = ? AND ended_at IS NOT NULL ORDER BY seq DESC LIMIT ?';
  return statement(database, sql)
    .all(device, limit)
    .map(({ nonce }) => String(nonce));
}

/** The device's runs, latest first. */
export function readRunsOf(database: DatabaseSync, device: DeviceUuid, limit: number): readonly RunRecord[] {
  const rows = statement(database, 'SELECT * FROM run WHERE device = ? ORDER BY seq DESC LIMIT ?').all(device, limit);
  return rows.map((row) => storedRunOf(row).run);
}

/** The rows of `device` that were seen enabled, one after another. */
export function* readDevices(database: DatabaseSync): Iterable<DeviceRow> {
  for (const row of statement(database, 'SELECT * FROM device WHERE seen = 1').iterate()) yield deviceRowOf(row);
}

/** Those of them that are named. */
export function readSomeDevices(database: DatabaseSync, devices: readonly DeviceUuid[]): readonly DeviceRow[] {
  const sql = 'SELECT device.* FROM json_each(?) AS wanted JOIN device ON device.uuid = wanted.value WHERE seen = 1';
  return decoded(statement(database, sql).iterate(JSON.stringify(devices)), deviceRowOf);
}

/** All rows, also of devices that a person ran something on, by name. */
export function readDevicesByName(database: DatabaseSync): readonly DeviceRow[] {
  return decoded(statement(database, 'SELECT * FROM device ORDER BY name, uuid').iterate(), deviceRowOf);
}

/** The device's last run that has stored a snapshot. */
export function readLastSuccess(database: DatabaseSync, device: DeviceUuid): RunRecord | null {
  const sql = 'SELECT run.* FROM device JOIN run ON run.seq = device.last_success WHERE device.uuid = ?';
  const row = statement(database, sql).get(device);
  return row === undefined ? null : storedRunOf(row).run;
}

/** The device's failures in a row; none of one that it does not know. */
export function readFailures(database: DatabaseSync, device: DeviceUuid): number {
  return Number(statement(database, 'SELECT failures FROM device WHERE uuid = ?').get(device)?.['failures'] ?? 0);
}

const ENDINGS = `SELECT seq, device, place, ended_at, outcome ->> '$.kind' AS kind, outcome -> '$.failure' AS failure,
  outcome ->> '$.effect.snapshotAt' AS snapshot_at FROM json_each(?) AS wanted JOIN run ON run.seq = wanted.value`;

/** What decisions need of ended runs, which are named by their place in the order of runs. */
export function readEndings(database: DatabaseSync, seqs: readonly number[]): Iterable<Ending> {
  if (seqs.length === 0) return [];
  return decoded(statement(database, ENDINGS).iterate(JSON.stringify(seqs)), endingOf);
}

/** The latest backup of each device that has ended, whole. */
export function readLastRuns(database: DatabaseSync): ReadonlyMap<DeviceUuid, RunRecord> {
  const rows = statement(database, 'SELECT run.* FROM device JOIN run ON run.seq = device.last_run').iterate();
  return new Map(decoded(rows, storedRunOf).map(({ run }) => [run.device, run]));
}

function readEnded(database: DatabaseSync, seqs: readonly number[]): readonly StoredRun[] {
  if (seqs.length === 0) return [];
  const sql = 'SELECT run.* FROM json_each(?) AS wanted JOIN run ON run.seq = wanted.value';
  return statement(database, sql).all(JSON.stringify(seqs)).map(storedRunOf);
}

/** One row after another: those of a large fleet do not fit beside what is made of them. */
function decoded<T>(rows: Iterable<unknown>, decode: (row: unknown) => T): readonly T[] {
  const all: T[] = [];
  for (const row of rows) all.push(decode(row));
  return all;
}

function deviceRowOf(row: unknown): DeviceRow {
  return decodeRow(DeviceRow, row, 'a device');
}
