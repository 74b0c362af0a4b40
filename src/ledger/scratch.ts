import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Ledger } from '../model/ports';
import { againIfMoved, ledgerPath, openReadOnly, tracelessUrl } from './database';
import { DeviceBook } from './devicebook';
import { withWords } from './ledgererror';
import { readActive, readRunsOf } from './reading';
import { migrate, versionOf } from './schema';
import { recordSightings } from './sightings';

/** A ledger that can be told what is seen, and forgets it. */
export type ScratchLedger = Pick<Ledger, 'see' | 'facts' | 'active' | 'runsOf' | 'close'>;

/**
 * The ledger of this STATE_DIR at this moment, in memory: what is written to it is gone when it is closed, and nothing is
 * written anywhere else, also beside a controller. Empty where there is none yet. Throws a LedgerError like the ledger.
 */
export function openScratch(stateDir: string): ScratchLedger {
  const path = ledgerPath(stateDir);
  const database = withWords(path, () => againIfMoved(() => copied(path)));
  const book = new DeviceBook(database);
  return {
    see: (sightings, now, rejected = new Set()) => {
      withWords(path, () => {
        recordSightings(database, book, { sightings, rejected, now });
      });
    },
    facts: () => withWords(path, () => book.facts()),
    active: () => withWords(path, () => readActive(database)),
    runsOf: (device, limit) => withWords(path, () => readRunsOf(database, device, limit)),
    close: () => {
      if (database.isOpen) database.close();
    },
  };
}

/**
 * Only `device` is copied: SQLite finds `run`, of which no sighting writes a word, in the file. The transaction that
 * begins here and never ends holds both at one moment.
 */
function copied(path: string): DatabaseSync {
  const database = new DatabaseSync(':memory:');
  try {
    if (isLedger(path)) attach(database, path);
    else migrate(database, path);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function attach(database: DatabaseSync, path: string): void {
  database.prepare('ATTACH ? AS kept').run(tracelessUrl(path).href);
  database.exec('BEGIN');
  const table = database.prepare("SELECT sql FROM kept.sqlite_schema WHERE name = 'device'").get()?.['sql'];
  database.exec(`${String(table)}; INSERT INTO main.device SELECT * FROM kept.device`);
}

/** False where there is none yet; throws where there is one that is not ours or newer than we are. */
function isLedger(path: string): boolean {
  if (!existsSync(path)) return false;
  const database = openReadOnly(path);
  try {
    return versionOf(database, path) > 0;
  } finally {
    database.close();
  }
}
