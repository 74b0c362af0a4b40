import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openLedger } from '../../src/ledger/ledger';
import { LedgerError } from '../../src/ledger/ledgererror';
import { openReader } from '../../src/ledger/reader';
import { openScratch, type ScratchLedger } from '../../src/ledger/scratch';
import { aUuid } from '../support/desired';
import { at } from '../support/facts';
import { traceOf } from '../support/folder';
import { aNewRun, anOwner, aSighting, edit, runThrough, withFolder, withLedger } from '../support/ledger';

const noon = at('2026-11-23T12:00:00Z');
const later = at('2026-11-24T12:00:00Z');

/** A process that has a ledger open for writing, with something in its log, as a controller does. */
const writer = `
  const { DatabaseSync } = require('node:sqlite');
  const ledger = new DatabaseSync(process.argv[1] + '/ledger.sqlite');
  ledger.exec('UPDATE device SET name = name');
  setInterval(() => ledger.isOpen, 1000);
  console.log('open');
`;

/** A ledger with one device that has run and one that runs. */
function fill(stateDir: string): void {
  const ledger = openLedger(stateDir);
  ledger.see([aSighting(), aSighting({ device: aUuid(2), name: 'other' })], noon);
  runThrough(ledger, aNewRun());
  ledger.begin(aNewRun({ device: aUuid(2) }), anOwner, at('2026-11-24T00:00:30Z'));
  ledger.close();
}

function scratched<T>(stateDir: string, work: (scratch: ScratchLedger) => T): T {
  const scratch = openScratch(stateDir);
  try {
    return work(scratch);
  } finally {
    scratch.close();
  }
}

/** All that commands read, and a pass's sightings on a copy. */
function readAll(stateDir: string): number {
  const reader = openReader(stateDir);
  reader.known();
  reader.active();
  reader.runsOf(aUuid(1), 10);
  return scratched(stateDir, (scratch) => {
    scratch.see([aSighting({ scheduleKey: '0 0 1 * * * UTC' }), aSighting({ device: aUuid(3) })], later);
    return scratch.facts().size;
  });
}

async function withWriter(stateDir: string, work: (child: ChildProcess) => Promise<void> | void): Promise<void> {
  const child = spawn(process.execPath, ['-e', writer, stateDir], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(child.stdout, 'data');
    await work(child);
  } finally {
    child.kill('SIGKILL');
  }
}

describe('a copy of the ledger', () => {
  it('says after sightings what the ledger would say', () => {
    withFolder((folder) => {
      fill(folder);
      const sightings = [
        aSighting({ scheduleKey: '0 0 1 * * * UTC' }),
        aSighting({ device: aUuid(3), request: 'now' }),
      ];
      const copied = scratched(folder, (scratch) => {
        scratch.see(sightings, later, new Set([aUuid(2)]));
        return { facts: scratch.facts(), active: scratch.active(), runs: scratch.runsOf(aUuid(1), 5) };
      });
      const ledger = openLedger(folder);
      ledger.see(sightings, later, new Set([aUuid(2)]));

      expect(copied).toEqual({ facts: ledger.facts(), active: ledger.active(), runs: ledger.runsOf(aUuid(1), 5) });
      expect(copied.active).toHaveLength(1);
      expect(copied.facts.size).toBe(3);
      ledger.close();
    });
  });

  it('is of one moment, whatever is written meanwhile', () => {
    withLedger((ledger, stateDir) => {
      ledger.see([aSighting()], noon);
      scratched(stateDir, (scratch) => {
        runThrough(ledger, aNewRun());

        expect(scratch.facts().get(aUuid(1))).toMatchObject({ last: null, handledSlot: null });
        expect(scratch.runsOf(aUuid(1), 5)).toEqual([]);
      });
    });
  });

  it('of a folder without a ledger is empty, and makes none', () => {
    withFolder((folder) => {
      const stateDir = join(folder, 'state');

      expect(readAll(stateDir)).toBe(2);
      expect(existsSync(stateDir)).toBe(false);
    });
  });

  it('of a ledger that is of a newer version is refused', () => {
    withFolder((folder) => {
      fill(folder);
      edit(folder, 'PRAGMA user_version = 99');

      expect(() => openScratch(folder)).toThrow(LedgerError);
    });
  });
});

describe('reading leaves no trace', () => {
  it('in a folder that nobody else uses', () => {
    withFolder((folder) => {
      fill(folder);
      const before = traceOf(folder);

      expect(readAll(folder)).toBe(3);
      expect(traceOf(folder)).toEqual(before);
    });
  });

  it('beside a process that has the ledger open', async () => {
    await withFolder(async (folder) => {
      fill(folder);
      await withWriter(folder, () => {
        const before = traceOf(folder);

        expect(before).toHaveLength(3);
        expect(readAll(folder)).toBe(3);
        expect(traceOf(folder)).toEqual(before);
      });
    });
  });

  it('behind a process that was killed', async () => {
    await withFolder(async (folder) => {
      fill(folder);
      await withWriter(folder, async (child) => {
        child.kill('SIGKILL');
        await once(child, 'close');
      });
      const before = traceOf(folder);

      expect(before).toHaveLength(3);
      expect(readAll(folder)).toBe(3);
      expect(traceOf(folder)).toEqual(before);
    });
  });
});

describe('a ledger of the first version, which no controller has opened since', () => {
  const aged = (stateDir: string): void => {
    fill(stateDir);
    const drops = [
      'DROP INDEX run_remains',
      'ALTER TABLE run DROP COLUMN remains',
      'ALTER TABLE run DROP COLUMN phases',
    ];
    edit(stateDir, [...drops, 'PRAGMA user_version = 1'].join(';'));
  };

  it('is read as it is', () => {
    withFolder((folder) => {
      aged(folder);

      expect(readAll(folder)).toBe(3);
      expect(openReader(folder).runsOf(aUuid(1), 5)).toMatchObject([{ phases: [] }]);
    });
  });

  it('is brought to the present one with all that it knows', () => {
    withFolder((folder) => {
      aged(folder);
      const before = openReader(folder).facts();
      const ledger = openLedger(folder);

      expect(ledger.facts()).toEqual(before);
      ledger.advance(aNewRun({ device: aUuid(2) }).runId, 'running', later);
      expect(ledger.active()[0]?.phases).toEqual([{ phase: 'running', at: later }]);
      ledger.close();
    });
  });
});

describe('the known devices', () => {
  it('are those that were seen enabled and those that were run by hand, by name', () => {
    withLedger((ledger, stateDir) => {
      ledger.see([aSighting({ name: 'b' }), aSighting({ device: aUuid(2), name: 'c' })], noon);
      ledger.see([aSighting({ name: 'b' })], later);
      runThrough(ledger, aNewRun({ device: aUuid(3), deviceName: 'a' }));

      expect(openReader(stateDir).known()).toMatchObject([
        { uuid: aUuid(3), name: 'a', isEnabled: false, facts: null },
        { uuid: aUuid(1), name: 'b', isEnabled: true, facts: { device: aUuid(1) } },
        { uuid: aUuid(2), name: 'c', isEnabled: false, facts: { device: aUuid(2) } },
      ]);
    });
  });
});
