import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { Ledger } from '../model/ports';
import { atOneMoment, ledgerPath, openReadOnly } from './database';
import { withWords } from './ledgererror';
import { readActive, readFacts, readRunsOf } from './reading';
import { versionOf } from './schema';

/** What commands that change nothing may ask of the ledger. */
export type LedgerReader = Pick<Ledger, 'facts' | 'active' | 'runsOf' | 'close'>;

/**
 * Reads the ledger of this STATE_DIR beside the controller that writes it. Where there is none (yet), every answer is
 * empty. Throws a LedgerError, in words for people, when it is damaged or of a newer version.
 */
export function openReader(stateDir: string): LedgerReader {
  const path = ledgerPath(stateDir);
  let database: DatabaseSync | null = null;

  function ask<T>(question: (ledger: DatabaseSync) => T, empty: T): T {
    if (database === null && !existsSync(path)) return empty;
    return withWords(path, () => {
      const open = (database ??= openReadOnly(path));
      return atOneMoment(open, () => (versionOf(open, path) === 0 ? empty : question(open)));
    });
  }

  return {
    facts: () => ask<ReturnType<Ledger['facts']>>((ledger) => readFacts(ledger, new Map()), new Map()),
    active: () => ask(readActive, []),
    runsOf: (device, limit) => ask((ledger) => readRunsOf(ledger, device, limit), []),
    close: () => {
      database?.close();
      database = null;
    },
  };
}
