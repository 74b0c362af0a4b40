import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Instant, instantOf } from '../model/brand';
import { isBusy, LedgerError } from './ledgererror';

export type StateLock = { release(): void } | { readonly heldBy: { readonly pid: number } };

/** How long a controller that has just taken the lock may need to write down its pid. */
const WAIT_MS = 5_000;
const POLL_MS = 20;

/** Locks that this process holds. SQLite lets go of a connection that is garbage, and the lock with it. */
const held = new Set<DatabaseSync>();

/**
 * Makes this process the one controller of the STATE_DIR until `release` or its end, however it ends: the kernel drops
 * the lock. Otherwise says which process is (pid 0 where it cannot be told). Throws a LedgerError where the folder
 * cannot be used.
 */
export function lockState(stateDir: string): StateLock {
  const answer = whenTold(() => takeLock(stateDir) ?? readPid(stateDir));
  if (answer === null || typeof answer === 'number') return { heldBy: { pid: answer ?? 0 } };
  held.add(answer);
  writePid(stateDir);
  return {
    release: () => {
      if (!held.delete(answer)) return;
      rmSync(pidPath(stateDir), { force: true });
      answer.close();
    },
  };
}

/** The pid of the controller that runs on this STATE_DIR, or null where none does. */
export function controllerPid(stateDir: string): number | null {
  if (!existsSync(lockPath(stateDir))) return null;
  const answer = whenTold(() => takeLock(stateDir) ?? readPid(stateDir));
  if (answer === null || typeof answer === 'number') return answer;
  answer.close();
  return null;
}

/** Whether a controller runs on this STATE_DIR, and since when where that can be told. Leaves no trace. */
export function controllerOf(stateDir: string): { readonly isRunning: boolean; readonly since: Instant | null } {
  if (!existsSync(lockPath(stateDir))) return { isRunning: false, since: null };
  const lock = takeLock(stateDir);
  lock?.close();
  if (lock !== null) return { isRunning: false, since: null };
  // A controller writes its pid down when it starts.
  const { mtimeMs } = statSync(pidPath(stateDir), { throwIfNoEntry: false }) ?? {};
  return { isRunning: true, since: mtimeMs === undefined ? null : instantOf(Math.floor(mtimeMs)) };
}

function lockPath(stateDir: string): string {
  return join(stateDir, 'controller.lock');
}

function pidPath(stateDir: string): string {
  return join(stateDir, 'controller.pid');
}

/** An exclusive transaction on an empty database is a lock that no crash can leave behind. Null when another has it. */
function takeLock(stateDir: string): DatabaseSync | null {
  let lock: DatabaseSync | null = null;
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    if (!existsSync(lockPath(stateDir))) closeSync(openSync(lockPath(stateDir), 'a', 0o600));
    lock = new DatabaseSync(lockPath(stateDir), { timeout: 0 });
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock?.close();
    if (isBusy(error)) return null;
    throw new LedgerError(
      `the lock ${lockPath(stateDir)} cannot be taken: STATE_DIR must be a folder that the user we run as may write to`,
      { cause: error },
    );
  }
}

/** Names the process so that another one with the same pid, after a reboot for example, is not mistaken for it. */
function writePid(stateDir: string): void {
  const beside = `${pidPath(stateDir)}.new`;
  writeFileSync(beside, `${String(process.pid)} ${startOf(process.pid) ?? '-'}\n`, { mode: 0o600 });
  renameSync(beside, pidPath(stateDir));
}

/**
 * Asks until there is an answer, or gives up with null. A controller has the lock a moment before its pid is written,
 * and whoever asks for the controller's pid has the lock for a moment too.
 */
function whenTold<T>(ask: () => T | null): T | null {
  const nothing = new Int32Array(new SharedArrayBuffer(4));
  for (let waitedMs = 0; ; waitedMs += POLL_MS) {
    const answer = ask();
    if (answer !== null || waitedMs >= WAIT_MS) return answer;
    Atomics.wait(nothing, 0, 0, POLL_MS);
  }
}

function readPid(stateDir: string): number | null {
  const match = /^(\d+) (\S+)\n$/.exec(readText(pidPath(stateDir)) ?? '');
  if (match === null) return null;
  const pid = Number(match[1]);
  return match[2] === (startOf(pid) ?? '-') ? pid : null;
}

/** When the process started, in the kernel's ticks since boot: with the pid it names a process. Null when it is gone. */
function startOf(pid: number): string | null {
  const stat = readText(`/proc/${String(pid)}/stat`);
  // The second field is the command's name in brackets, which may hold anything; the 22nd is the start.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
