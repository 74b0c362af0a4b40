import type { DatabaseSync } from 'node:sqlite';
import type { Ledger } from '../model/ports';
import { atOneMoment, inTransaction, ledgerPath, openDatabase } from './database';
import { DeviceBook } from './devicebook';
import { finishRun, leaveContainer, markHandled } from './ending';
import { withWords } from './ledgererror';
import {
  readActive,
  readEndedNonces,
  readFailures,
  readLastSuccess,
  readNews,
  readRemaining,
  readRunsOf,
} from './reading';
import { recordSightings } from './sightings';
import { advanceRun, beginRun, releaseRun, renewLeases, takeOverRun } from './starting';

/**
 * The ledger in this STATE_DIR, made if missing. Throws a LedgerError, in words for people, when it is damaged, of a
 * newer version or out of reach; so does every call, and what throws has written nothing.
 */
export function openLedger(stateDir: string): Ledger {
  const path = ledgerPath(stateDir);
  const database = withWords(path, () => openDatabase(path));
  return ledgerIn(database, path);
}

/** The same in a database that is open and at our version; `path` is what errors call it. */
export function ledgerIn(database: DatabaseSync, path: string): Ledger {
  return ledgerOn(database, {
    look: (work) => withWords(path, work),
    read: (work) => withWords(path, () => atOneMoment(database, work)),
    write: (work) => withWords(path, () => inTransaction(database, work)),
  });
}

interface Access {
  /** For one statement, which is one moment by itself. */
  readonly look: <T>(work: () => T) => T;
  readonly read: <T>(work: () => T) => T;
  readonly write: <T>(work: () => T) => T;
}

type Answers = Pick<
  Ledger,
  'facts' | 'active' | 'remaining' | 'news' | 'lastSuccessOf' | 'failuresOf' | 'endedNonces' | 'runsOf'
>;

function answersFrom(database: DatabaseSync, book: DeviceBook, { look, read }: Access): Answers {
  return {
    facts: () => read(() => book.facts()),
    active: () => look(() => readActive(database)),
    remaining: () => look(() => readRemaining(database)),
    news: (mark) => read(() => readNews(database, mark)),
    lastSuccessOf: (device) => look(() => readLastSuccess(database, device)),
    failuresOf: (device) => look(() => readFailures(database, device)),
    endedNonces: (device, limit) => look(() => readEndedNonces(database, device, limit)),
    runsOf: (device, limit) => look(() => readRunsOf(database, device, limit)),
  };
}

function ledgerOn(database: DatabaseSync, access: Access): Ledger {
  const { write } = access;
  const book = new DeviceBook(database);
  return {
    ...answersFrom(database, book, access),
    ...courseOn(database, write),
    see: (sightings, now, rejected = new Set()) => {
      write(() => {
        recordSightings(database, book, { sightings, rejected, now });
      });
    },
    begin: (run, owner, leaseUntil) => {
      book.touch(run.device);
      return write(() => beginRun(database, run, owner, leaseUntil));
    },
    finish: (runId, ending) => {
      const device = write(() => finishRun(database, runId, ending));
      if (device !== null) book.touch(device);
      return device !== null;
    },
    skip: (device, slot) => {
      book.touch(device);
      write(() => {
        markHandled(database, device, slot);
      });
    },
    close: () => {
      if (database.isOpen) database.close();
    },
  };
}

function courseOn(
  database: DatabaseSync,
  write: Access['write'],
): Pick<Ledger, 'renew' | 'takeOver' | 'release' | 'advance' | 'leave'> {
  return {
    renew: (owner, leaseUntil) => write(() => renewLeases(database, owner, leaseUntil)),
    takeOver: (runId, owner, now, leaseUntil) => write(() => takeOverRun(database, { runId, owner, now, leaseUntil })),
    release: (runId, owner, until) => write(() => releaseRun(database, runId, owner, until)),
    advance: (runId, phase, now) => {
      write(() => advanceRun(database, runId, { phase, at: now }));
    },
    leave: (runId, until) => {
      write(() => {
        leaveContainer(database, runId, until);
      });
    },
  };
}
