import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openLedger } from '../../src/ledger/ledger';
import type { Ledger } from '../../src/model/ports';
import { LedgerError } from '../../src/ledger/ledgererror';
import { openReader } from '../../src/ledger/reader';
import { at } from '../support/facts';
import { aUuid } from '../support/desired';
import {
  aNewRun,
  anEnding,
  anOwner,
  aSighting,
  edit,
  factsOf,
  runThrough,
  withFolder,
  withLedger,
} from '../support/ledger';

const noon = at('2026-11-23T12:00:00Z');

/** What the work throws, which must be a LedgerError. */
function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof LedgerError) return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe("the ledger's file", () => {
  it('and its side files are for us only', () => {
    withFolder((folder) => {
      const stateDir = join(folder, 'state', 'dir');
      const ledger = openLedger(stateDir);
      ledger.see([aSighting()], noon);
      const modes = readdirSync(stateDir).map((name) => statSync(join(stateDir, name)).mode & 0o777);
      ledger.close();

      expect(modes.length).toBeGreaterThan(1);
      expect(new Set(modes)).toEqual(new Set([0o600]));
    });
  });

  it('open to others is made private', () => {
    withLedger((ledger, stateDir) => {
      ledger.close();
      chmodSync(join(stateDir, 'ledger.sqlite'), 0o644);
      openLedger(stateDir).close();

      expect(statSync(join(stateDir, 'ledger.sqlite')).mode & 0o777).toBe(0o600);
    });
  });

  it.each([
    {
      name: 'of a newer version',
      spoil: (dir: string) => {
        edit(dir, 'PRAGMA user_version = 99');
      },
      says: /newer version/,
    },
    {
      name: 'that is no database',
      spoil: (dir: string) => {
        writeFileSync(join(dir, 'ledger.sqlite'), 'x'.repeat(8192));
      },
      says: /is damaged/,
    },
    {
      name: 'with a damaged page',
      spoil: (dir: string) => {
        const path = join(dir, 'ledger.sqlite');
        const bytes = readFileSync(path);
        bytes.fill(0xa5, 4096, 4096 * 3);
        writeFileSync(path, bytes);
      },
      says: /is damaged/,
    },
    {
      name: 'of another program',
      spoil: (dir: string) => {
        edit(dir, 'PRAGMA user_version = 0');
      },
      says: /another program/,
    },
  ])('$name is refused in words and left as it is', ({ spoil, says }) => {
    withLedger((ledger, stateDir) => {
      ledger.see([aSighting()], noon);
      runThrough(ledger, aNewRun());
      ledger.close();
      spoil(stateDir);
      const before = readFileSync(join(stateDir, 'ledger.sqlite'));

      const message = refusal(() => openLedger(stateDir));

      expect(message).toMatch(says);
      expect(message).toContain('to start with an empty one');
      expect(readFileSync(join(stateDir, 'ledger.sqlite')).equals(before)).toBe(true);
    });
  });

  it('of another program is not even made to use a log of its own', () => {
    withFolder((folder) => {
      edit(folder, 'CREATE TABLE theirs (x)');
      const before = readFileSync(join(folder, 'ledger.sqlite'));

      expect(refusal(() => openLedger(folder))).toMatch(/another program/);
      expect(readFileSync(join(folder, 'ledger.sqlite')).equals(before)).toBe(true);
    });
  });

  it('in a folder that is a file is refused in words', () => {
    withFolder((folder) => {
      writeFileSync(join(folder, 'state'), '');

      expect(refusal(() => openLedger(join(folder, 'state')))).toMatch(/cannot be made or kept private/);
    });
  });

  it.each([
    { name: 'an outcome', sql: `UPDATE run SET outcome = '{"kind":"hunter2"}'` },
    { name: 'a device', sql: `UPDATE device SET enabled_since = 9.007199254740991e15, attempts = 'hunter2'` },
    { name: 'a failure', sql: `UPDATE run SET outcome = '{"kind":"failed","failure":{"kind":"hunter2"}}'` },
    { name: 'a run', sql: `UPDATE run SET phase = 'hunter2'`, ask: (ledger: Ledger) => ledger.runsOf(aUuid(1), 1) },
  ])('with $name that cannot be read is refused without showing it', ({ sql, ask = (ledger) => ledger.facts() }) => {
    withLedger((ledger, stateDir) => {
      ledger.see([aSighting()], noon);
      runThrough(ledger, aNewRun());
      edit(stateDir, sql);

      const message = refusal(() => ask(ledger));

      expect(message).toMatch(/cannot be read/);
      expect(message).not.toContain('hunter2');
    });
  });
});

describe('a call that throws', () => {
  it('has written nothing, and the next one works', () => {
    withLedger((ledger, stateDir) => {
      ledger.see([aSighting()], noon);
      edit(stateDir, `UPDATE device SET attempts = 'broken'`);

      expect(refusal(() => ledger.begin(aNewRun(), anOwner, noon))).toMatch(/cannot be read/);
      expect(ledger.active()).toEqual([]);
      edit(stateDir, `UPDATE device SET attempts = '[]'`);
      expect(ledger.begin(aNewRun(), anOwner, noon)).toBe(true);
    });
  });

  it('after the end of the ledger says so and closing again does nothing', () => {
    withLedger((ledger) => {
      ledger.close();
      ledger.close();

      expect(() => ledger.active()).toThrow(/not open/);
    });
  });
});

describe('the reader', () => {
  it('gives nothing where there is no ledger, and makes none', () => {
    withFolder((folder) => {
      const reader = openReader(join(folder, 'state'));

      expect([reader.facts().size, reader.active(), reader.runsOf(aUuid(1), 5)]).toEqual([0, [], []]);
      expect(existsSync(join(folder, 'state'))).toBe(false);
    });
  });

  it('gives nothing where the ledger is being made', () => {
    withFolder((folder) => {
      writeFileSync(join(folder, 'ledger.sqlite'), '');
      const reader = openReader(folder);

      expect(reader.facts().size).toBe(0);
    });
  });

  it('sees what the controller writes meanwhile, from its first word on', () => {
    withFolder((folder) => {
      mkdirSync(folder, { recursive: true });
      const reader = openReader(folder);
      expect(reader.facts().size).toBe(0);
      const ledger = openLedger(folder);

      ledger.see([aSighting()], noon);
      expect(factsOf(reader).last).toBeNull();
      runThrough(ledger, aNewRun());
      expect(factsOf(reader).last).toMatchObject({ endedAt: anEnding().endedAt, failure: null });
      expect(reader.lastRuns().get(aUuid(1))?.runId).toBe(aNewRun().runId);
      expect(reader.runsOf(aUuid(1), 5)).toHaveLength(1);
      ledger.close();
      expect(reader.active()).toEqual([]);
    });
  });

  it('refuses a ledger of a newer version', () => {
    withLedger((ledger, stateDir) => {
      ledger.close();
      edit(stateDir, 'PRAGMA user_version = 99');
      const reader = openReader(stateDir);

      expect(refusal(() => reader.facts())).toMatch(/newer version/);
    });
  });
});
