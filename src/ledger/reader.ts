import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { DeviceUuid } from '../model/brand';
import type { KnownDevice, Ledger } from '../model/ports';
import type { RunRecord } from '../model/run';
import { againIfMoved, atOneMoment, ledgerPath, openReadOnly } from './database';
import { DeviceBook } from './devicebook';
import { readKnown } from './knowndevices';
import { withWords } from './ledgererror';
import { readActive, readLastRuns, readRunsOf } from './reading';
import { versionOf } from './schema';

/** What commands that change nothing may ask of the ledger. */
export interface LedgerReader extends Pick<Ledger, 'facts' | 'active' | 'runsOf'> {
  /** Every device that there is something to tell of, by name. */
  known(): readonly KnownDevice[];
  /** The latest backup of each device that has ended, with its output. */
  readonly lastRuns: () => ReadonlyMap<DeviceUuid, RunRecord>;
}

/**
 * Reads the ledger of this STATE_DIR beside the controller that writes it. Where there is none (yet), every answer is
 * empty. Throws a LedgerError, in words for people, when it is damaged or of a newer version.
 */
export function openReader(stateDir: string): LedgerReader {
  const path = ledgerPath(stateDir);

  // Opened for each question: a writer may have come since the last, or gone.
  function ask<T>(question: (ledger: DatabaseSync) => T, empty: T): T {
    if (!existsSync(path)) return empty;
    return withWords(path, () => againIfMoved(() => answered(path, question, empty)));
  }

  return {
    facts: () => ask<ReturnType<Ledger['facts']>>((ledger) => new DeviceBook(ledger).facts(), new Map()),
    known: () => ask(readKnown, []),
    lastRuns: () => ask<ReturnType<LedgerReader['lastRuns']>>(readLastRuns, new Map()),
    active: () => ask(readActive, []),
    runsOf: (device, limit) => ask((ledger) => readRunsOf(ledger, device, limit), []),
  };
}

function answered<T>(path: string, question: (ledger: DatabaseSync) => T, empty: T): T {
  const database = openReadOnly(path);
  try {
    return atOneMoment(database, () => (versionOf(database, path) === 0 ? empty : question(database)));
  } finally {
    database.close();
  }
}
