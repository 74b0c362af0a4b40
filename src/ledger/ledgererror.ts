/** The ledger cannot be used. The message says, for a person, what happened and what to do. */
export class LedgerError extends Error {
  public override readonly name = 'LedgerError';
}

/** The file is of no use to us as it is; nothing of it is deleted, since it may be all that is known of the runs. */
export function unreadable(path: string, what: string, cause?: unknown): LedgerError {
  const message = `the ledger ${path} ${what}. Nothing was changed. Bring back a copy of it, or move ${path} and the files ${path}-wal and ${path}-shm elsewhere to start with an empty one: each device then waits for its next slot, and no snapshot is lost`;
  return new LedgerError(message, { cause });
}

const BUSY = 5;
const READ_ONLY = 8;
const INPUT_OUTPUT = 10;
const CORRUPT = 11;
const FULL = 13;
const CANNOT_OPEN = 14;
const NOT_A_DATABASE = 26;

/** SQLite's primary result code, or null for an error that is not SQLite's. */
export function sqliteCodeOf(error: unknown): number | null {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return null;
  if (typeof error.errcode !== 'number') return null;
  // The low byte is the primary code, the rest says more of it.
  return error.errcode & 0xff;
}

/** True where somebody else holds the lock. */
export function isBusy(error: unknown): boolean {
  return sqliteCodeOf(error) === BUSY;
}

/** True where a file is not there, or cannot be opened. */
export function isCannotOpen(error: unknown): boolean {
  return sqliteCodeOf(error) === CANNOT_OPEN;
}

/** What SQLite says, in words for a person; errors that are not SQLite's are given back as they are. */
export function inWords(path: string, error: unknown): unknown {
  switch (sqliteCodeOf(error)) {
    case null:
      return error;
    case CORRUPT:
    case NOT_A_DATABASE:
      return unreadable(path, 'is damaged or is no ledger', error);
    case BUSY:
      return new LedgerError(
        `the ledger ${path} stayed locked by another process: try again, and see which process holds it open`,
        { cause: error },
      );
    case FULL:
      return new LedgerError(`the ledger ${path} cannot be written since its disk is full: free some space there`, {
        cause: error,
      });
    case READ_ONLY:
    case CANNOT_OPEN:
    case INPUT_OUTPUT:
      return new LedgerError(
        `the ledger ${path} cannot be opened or written: its folder must be on a disk that works and be writable for the user we run as`,
        { cause: error },
      );
    default:
      return new LedgerError(`the ledger ${path} cannot be used: ${messageOf(error)}`, { cause: error });
  }
}

/** Does the work; what SQLite throws comes out as a LedgerError. */
export function withWords<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw inWords(path, error);
  }
}

function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : 'unknown trouble';
}
