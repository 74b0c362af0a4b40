import type { DatabaseSync } from 'node:sqlite';
import { type Instant, RunId } from '../model/brand';
import { LONGEST_LEASE_MS } from '../model/lease';
import type { NewRun } from '../model/ports';
import type { BegunPhase, RunOwner, RunPhase } from '../model/run';
import { attemptsOf, phasesOf } from './rows';
import { statement } from './statement';

/** More than the actions that can still be tried again: the slot, the request, and a few by hand. */
const REMEMBERED_ACTIONS = 8;

/** A run whose link comes and goes has many; the latest tell most. */
const REMEMBERED_PHASES = 40;

/** Makes the run active. False, and nothing written, when the device has an active run already. */
export function beginRun(database: DatabaseSync, run: NewRun, owner: RunOwner, leaseUntil: Instant): boolean {
  const isTaken = statement(database, 'SELECT 1 FROM run WHERE device = ? AND ended_at IS NULL').get(run.device);
  if (isTaken !== undefined) return false;
  insertRun(database, run, owner, leaseUntil);
  statement(database, 'INSERT INTO device (uuid, name) VALUES (?1, ?2) ON CONFLICT (uuid) DO NOTHING').run(
    run.device,
    run.deviceName,
  );
  rememberAttempt(database, run);
  return true;
}

/** Notes that an active run has come to a phase. One that it is in already goes on. */
export function advanceRun(database: DatabaseSync, runId: RunId, begun: BegunPhase): boolean {
  const row = statement(database, 'SELECT seq, phases FROM run WHERE run_id = ? AND ended_at IS NULL').get(runId);
  if (row === undefined) return false;
  const before = phasesOf(String(row['phases']));
  if (before.at(-1)?.phase === begun.phase) return false;
  const phases = JSON.stringify([...before, begun].slice(-REMEMBERED_PHASES));
  const remains = BEFORE_CONTAINER.includes(begun.phase) ? 0 : 1;
  statement(database, 'UPDATE run SET phase = ?, phases = ?, remains = max(remains, ?) WHERE seq = ?').run(
    begun.phase,
    phases,
    remains,
    Number(row['seq']),
  );
  return true;
}

/** Extends the leases of the owner's active runs and names them, in one statement however many there are. */
export function renewLeases(database: DatabaseSync, owner: RunOwner, leaseUntil: Instant): ReadonlySet<RunId> {
  const rows = statement(
    database,
    `UPDATE run INDEXED BY run_active SET lease_until = ?
       WHERE ended_at IS NULL AND owner_process = ? AND owner_started_at = ? RETURNING run_id`,
  ).all(leaseUntil, owner.process, owner.startedAt);
  return new Set(rows.map((row) => row['run_id']).filter(RunId.is));
}

/** Leaves an active run of this owner to nobody, so that its renewals do not reach it any more. */
export function releaseRun(database: DatabaseSync, runId: RunId, owner: RunOwner, until: Instant): boolean {
  const { changes } = statement(
    database,
    `UPDATE run SET owner_process = '', owner_started_at = 0, lease_until = ?
       WHERE run_id = ? AND ended_at IS NULL AND owner_process = ? AND owner_started_at = ?`,
  ).run(until, runId, owner.process, owner.startedAt);
  return changes > 0;
}

/** What another process needs to take a run over. */
export interface Takeover {
  readonly runId: RunId;
  readonly owner: RunOwner;
  readonly now: Instant;
  readonly leaseUntil: Instant;
}

/** Makes the owner the run's owner when the lease is over, or cannot be true. */
export function takeOverRun(database: DatabaseSync, { runId, owner, now, leaseUntil }: Takeover): boolean {
  const { changes } = statement(
    database,
    `UPDATE run SET owner_process = ?, owner_started_at = ?, lease_until = ?
       WHERE run_id = ? AND ended_at IS NULL AND (lease_until <= ? OR lease_until > ?)`,
  ).run(owner.process, owner.startedAt, leaseUntil, runId, now, now + LONGEST_LEASE_MS);
  return changes > 0;
}

function insertRun(database: DatabaseSync, run: NewRun, owner: RunOwner, leaseUntil: Instant): void {
  statement(
    database,
    `INSERT INTO run (run_id, action_id, kind, device, device_name, slot, attempt, nonce, place, started_at,
         owner_process, owner_started_at, lease_until, phase, phases)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    run.runId,
    run.actionId,
    run.kind,
    run.device,
    run.deviceName,
    JSON.stringify(run.slot),
    run.attempt,
    run.nonce,
    run.place,
    run.startedAt,
    owner.process,
    owner.startedAt,
    leaseUntil,
    FIRST_PHASE,
    JSON.stringify([{ phase: FIRST_PHASE, at: run.startedAt } satisfies BegunPhase]),
  );
}

const FIRST_PHASE = 'connecting' satisfies RunPhase;
const BEFORE_CONTAINER: readonly RunPhase[] = [FIRST_PHASE, 'preparing', 'pulling'];

function rememberAttempt(database: DatabaseSync, run: NewRun): void {
  const row = statement(database, 'SELECT attempts FROM device WHERE uuid = ?').get(run.device);
  const before = attemptsOf(String(row?.['attempts']));
  const others = before.filter(([action]) => action !== run.actionId);
  const sofar = before.find(([action]) => action === run.actionId)?.[1] ?? 0;
  const latest = [...others, [run.actionId, Math.max(sofar, run.attempt)]].slice(-REMEMBERED_ACTIONS);
  statement(database, 'UPDATE device SET attempts = ? WHERE uuid = ?').run(JSON.stringify(latest), run.device);
}
