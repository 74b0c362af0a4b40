import { openLedger } from '../../src/ledger/ledger';
import { openReader } from '../../src/ledger/reader';
import { instantOf } from '../../src/model/brand';
import { aUuid } from '../support/desired';
import { folded } from '../../src/model/folded';
import { aSnapshot, aSuccess, at } from '../support/facts';
import {
  aFailure,
  aNewRun,
  anEnding,
  anOwner,
  anotherOwner,
  aSighting,
  factsOf,
  runThrough,
  scheduled,
  withLedger,
} from '../support/ledger';

const now = at('2026-11-24T00:00:00Z');
const soon = instantOf(now + 30_000);

describe('active runs', () => {
  it('a device has one at a time, whoever starts it', () => {
    withLedger((ledger, stateDir) => {
      const other = openLedger(stateDir);

      expect(ledger.begin(aNewRun(), anOwner, soon)).toBe(true);
      expect(other.begin(aNewRun({ slot: { kind: 'manual', at: now } }), anotherOwner, soon)).toBe(false);
      expect(other.begin(aNewRun({ device: aUuid(2) }), anotherOwner, soon)).toBe(true);
      expect(ledger.active().map(({ device }) => device)).toEqual([aUuid(1), aUuid(2)]);
      other.close();
    });
  });

  it('comes back as it was begun, after the ledger was opened again', () => {
    withLedger((ledger, stateDir) => {
      const run = aNewRun({ slot: { kind: 'request', token: 'now, please' } });
      ledger.begin(run, anOwner, soon);
      ledger.advance(run.runId, 'running', at('2026-11-24T00:00:10Z'));
      ledger.close();

      const again = openLedger(stateDir);
      const active = again.active();
      again.close();

      expect(active).toEqual([
        {
          ...run,
          endedAt: null,
          owner: anOwner,
          leaseUntil: soon,
          phase: 'running',
          phases: [
            { phase: 'connecting', at: run.startedAt },
            { phase: 'running', at: at('2026-11-24T00:00:10Z') },
          ],
          outcome: null,
        },
      ]);
    });
  });

  it('remembers the latest of its phases, each once until another comes', () => {
    withLedger((ledger) => {
      const run = aNewRun();
      ledger.begin(run, anOwner, soon);
      ledger.advance(run.runId, 'connecting', instantOf(now + 1));
      for (let n = 0; n < 30; n += 1) {
        ledger.advance(run.runId, 'running', instantOf(now + 2 * n + 2));
        ledger.advance(run.runId, 'collecting', instantOf(now + 2 * n + 3));
      }
      const { phases } = ledger.active()[0] ?? { phases: [] };

      expect(phases).toHaveLength(40);
      expect(phases.at(-1)).toEqual({ phase: 'collecting', at: now + 61 });
      expect(phases.every(({ phase }, index) => phase !== phases[index + 1]?.phase)).toBe(true);
    });
  });

  it('ends once; then the device is free', () => {
    withLedger((ledger) => {
      const run = aNewRun();
      ledger.begin(run, anOwner, soon);

      expect(ledger.finish(run.runId, anEnding())).toBe(true);
      expect(ledger.finish(run.runId, aFailure())).toBe(false);
      expect(ledger.active()).toEqual([]);
      expect(ledger.begin(aNewRun({ attempt: 2 }), anOwner, soon)).toBe(true);
    });
  });

  it('an action that comes again after its end, as a token that is set again does, is one more run', () => {
    withLedger((ledger) => {
      runThrough(ledger, aNewRun());
      runThrough(ledger, aNewRun(), aFailure());

      expect(ledger.runsOf(aUuid(1), 10).map(({ outcome }) => outcome?.kind)).toEqual(['failed', 'succeeded']);
    });
  });
});

describe('leases', () => {
  it('are renewed by their owner only, and only while the run is active', () => {
    withLedger((ledger) => {
      const { runId } = aNewRun();
      ledger.begin(aNewRun(), anOwner, soon);

      expect(ledger.renew(anOwner, instantOf(soon + 1))).toEqual(new Set([runId]));
      expect(ledger.renew(anotherOwner, instantOf(soon + 2))).toEqual(new Set());
      expect(ledger.active()[0]?.leaseUntil).toBe(soon + 1);
      ledger.finish(runId, anEnding());
      expect(ledger.renew(anOwner, soon)).toEqual(new Set());
    });
  });

  it.each([
    { name: 'still runs -> stays', afterMs: 29_999, takes: false },
    { name: 'is over -> taken over', afterMs: 30_000, takes: true },
    { name: 'granted by a clock that was set back since -> taken over', afterMs: -86_400_000, takes: true },
  ])('a lease that $name', ({ afterMs, takes }) => {
    withLedger((ledger) => {
      const { runId } = aNewRun();
      ledger.begin(aNewRun(), anOwner, soon);
      const later = instantOf(now + afterMs);

      expect(ledger.takeOver(runId, anotherOwner, later, instantOf(later + 30_000))).toBe(takes);
      expect(ledger.active()[0]?.owner).toEqual(takes ? anotherOwner : anOwner);
      expect(ledger.renew(anOwner, soon).has(runId)).toBe(!takes);
    });
  });

  it("a run that is given up is nobody's until it is taken over", () => {
    withLedger((ledger) => {
      const { runId } = aNewRun();
      ledger.begin(aNewRun(), anOwner, soon);

      ledger.release(runId, anotherOwner, now);
      expect(ledger.takeOver(runId, anotherOwner, now, soon)).toBe(false);
      ledger.release(runId, anOwner, instantOf(now + 1));
      expect(ledger.renew(anOwner, soon)).toEqual(new Set());
      expect(ledger.takeOver(runId, anotherOwner, now, soon)).toBe(false);
      expect(ledger.takeOver(runId, anotherOwner, instantOf(now + 1), soon)).toBe(true);
    });
  });

  it('a run that has ended cannot be taken over', () => {
    withLedger((ledger) => {
      runThrough(ledger, aNewRun());

      expect(ledger.takeOver(aNewRun().runId, anotherOwner, instantOf(soon + 1), soon)).toBe(false);
    });
  });
});

/** Each call waits for the disk, which may be slow and shared: hence the long limit. */
const LIMIT_MS = 120_000;

describe('history', () => {
  it('gives the latest runs first, of one device', () => {
    withLedger((ledger) => {
      for (const attempt of [1, 2, 3]) runThrough(ledger, aNewRun({ attempt }), aFailure());
      runThrough(ledger, aNewRun({ device: aUuid(2) }));

      expect(ledger.runsOf(aUuid(1), 2).map(({ attempt }) => attempt)).toEqual([3, 2]);
    });
  });

  it(
    'is pruned, but never of what decisions need',
    () => {
      withLedger((ledger) => {
        ledger.see([aSighting()], now);
        runThrough(ledger, aNewRun({ place: 's3://elsewhere/', slot: scheduled('2026-11-01T00:00:00Z') }));
        runThrough(ledger, aNewRun({ slot: scheduled('2026-11-02T00:00:00Z') }));
        const incremental = anEnding({
          outcome: aSuccess({ mode: 'incremental' }),
          endedAt: at('2026-11-03T00:05:00Z'),
        });
        runThrough(ledger, aNewRun({ slot: scheduled('2026-11-03T00:00:00Z') }), incremental);
        for (let attempt = 1; attempt <= 80; attempt += 1) runThrough(ledger, aNewRun({ attempt }), aFailure());
        const runs = ledger.runsOf(aUuid(1), 1000);

        expect(runs).toHaveLength(53);
        expect(ledger.lastSuccessOf(aUuid(1))?.slot).toEqual(scheduled('2026-11-03T00:00:00Z'));
        expect(runs.slice(-3).map(({ outcome }) => outcome?.kind)).toEqual(['succeeded', 'succeeded', 'succeeded']);
        expect(factsOf(ledger)).toMatchObject({
          failures: 80,
          last: { failure: { kind: 'device-unreachable' } },
          lastSuccess: { endedAt: incremental.endedAt },
          lastFull: { snapshotAt: aSnapshot().snapshotAt, place: folded(aNewRun().place, aUuid(1)) },
        });
      });
    },
    LIMIT_MS,
  );

  it(
    'keeps the last backup, however much a person has looked at its snapshots since',
    () => {
      withLedger((ledger, stateDir) => {
        ledger.see([aSighting()], now);
        const broken = { kind: 'chain-broken', detail: 'a volume is missing' } as const;
        const failed = { kind: 'failed', failure: broken, tail: [] } as const;
        runThrough(ledger, aNewRun(), aFailure({ outcome: failed }));
        for (let n = 1; n <= 60; n += 1) {
          const slot = { kind: 'manual', at: instantOf(now + n) } as const;
          runThrough(ledger, aNewRun({ kind: 'survey', slot }), aFailure());
        }

        expect(ledger.runsOf(aUuid(1), 1000).length).toBe(51);
        expect(factsOf(openReader(stateDir)).last?.failure).toEqual(broken);
      });
    },
    LIMIT_MS,
  );
});
