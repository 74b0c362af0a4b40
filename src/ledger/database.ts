import { chmodSync, closeSync, existsSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { isCannotOpen, LedgerError, unreadable } from './ledgererror';
import { migrate, versionOf } from './schema';
import { statement } from './statement';

/** Other processes hold the lock for milliseconds; a machine short of breath gets more than enough. */
const BUSY_TIMEOUT_MS = 15_000;

/** Above this a check of the whole file makes a small machine wait too long; damage then shows at the first read of it. */
const CHECKED_BYTES = 64 * 1024 * 1024;

/** Where the ledger of a STATE_DIR is. */
export function ledgerPath(stateDir: string): string {
  return join(stateDir, 'ledger.sqlite');
}

/** The open ledger at our version, made if missing, readable and writable for us only. */
export function openDatabase(path: string): DatabaseSync {
  createPrivately(path);
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    prepareDatabase(database, path);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** An open ledger that cannot be written through; reading it leaves no trace in its folder. */
export function openReadOnly(path: string): DatabaseSync {
  return new DatabaseSync(tracelessUrl(path), { readOnly: true, timeout: BUSY_TIMEOUT_MS });
}

/**
 * The ledger for SQLite to read without a write to any file. With its log file beside it, it is shared with whoever
 * writes, their index of the log being read only. Without one nobody has it open and all is in the file itself: opened in
 * the usual way, SQLite would leave an empty log behind.
 */
export function tracelessUrl(path: string): URL {
  const url = pathToFileURL(path);
  url.search = existsSync(`${path}-wal`) ? '?mode=ro&readonly_shm=1' : '?mode=ro&immutable=1';
  return url;
}

/** Does the reading anew where the log file went, with the last that wrote, between the look for it and the opening. */
export function againIfMoved<T>(reading: () => T): T {
  try {
    return reading();
  } catch (error) {
    if (!isCannotOpen(error)) throw error;
    return reading();
  }
}

/** Does the work in one transaction that sees no other writer; what throws leaves nothing behind. */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  statement(database, 'BEGIN IMMEDIATE').run();
  try {
    const result = work();
    statement(database, 'COMMIT').run();
    return result;
  } catch (error) {
    // A full disk rolls back by itself.
    if (database.isTransaction) statement(database, 'ROLLBACK').run();
    throw error;
  }
}

/** Does the reading at one moment of the ledger, whoever writes meanwhile. */
export function atOneMoment<T>(database: DatabaseSync, work: () => T): T {
  statement(database, 'BEGIN').run();
  try {
    return work();
  } finally {
    if (database.isTransaction) statement(database, 'COMMIT').run();
  }
}

function prepareDatabase(database: DatabaseSync, path: string): void {
  // What is refused is refused before anything is written to it.
  versionOf(database, path);
  if (statSync(path).size <= CHECKED_BYTES) checkDatabase(database, path);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  inTransaction(database, () => {
    migrate(database, path);
  });
}

function checkDatabase(database: DatabaseSync, path: string): void {
  const verdict = database.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
  if (verdict !== 'ok') throw unreadable(path, 'is damaged');
}

/** SQLite gives its side files the mode of the ledger, so it has to be right before SQLite sees it. */
function createPrivately(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // An existing file is never opened here: closing it again would drop the locks that SQLite holds in this process.
    if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
    chmodSync(path, 0o600);
  } catch (error) {
    throw new LedgerError(
      `the ledger ${path} cannot be made or kept private: its folder must exist and belong to the user we run as`,
      { cause: error },
    );
  }
}
