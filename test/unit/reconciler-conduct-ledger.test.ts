import { LedgerError } from '../../src/ledger/ledgererror';
import type { Executor } from '../../src/model/ports';
import type { Outcome } from '../../src/model/run';
import { scene, start, work } from '../support/conductor';
import { aUuid } from '../support/desired';
import { aSuccess } from '../support/facts';
import { aFailure, aNewRun, aSighting, factsOf, runThrough } from '../support/ledger';

const locked = new LedgerError('the ledger stayed locked by another process');
const fails = (): never => {
  throw locked;
};

const stored: Executor<'backup'> = async (_action, { advance, commit }) => {
  await Promise.resolve();
  advance('running');
  const outcome = aSuccess();
  commit(outcome);
  return outcome;
};

describe('a ledger that fails while a run goes on', () => {
  it('is no failure of the run, which is left for whoever comes next', async () => {
    await scene({ backup: stored, trouble: { advance: fails } }, async ({ ledger, conductor, events }) => {
      await expect(conductor.conduct(work())).rejects.toBe(locked);

      expect(events.map(({ event }) => event)).toEqual(['run.started']);
      expect(ledger.active().map(({ device }) => device)).toEqual([aUuid(1)]);
      expect(conductor.followed().size).toBe(0);
    });
  });

  it('does not turn a success that it could not take into a failure', async () => {
    let isFirst = true;
    const finish = (): boolean => {
      if (!isFirst) return true;
      isFirst = false;
      return fails();
    };
    await scene({ backup: stored, trouble: { finish } }, async ({ ledger, conductor, events }) => {
      await expect(conductor.conduct(work())).rejects.toBe(locked);

      expect(events.map(({ event }) => event)).toEqual(['run.started']);
      expect(ledger.active()).toHaveLength(1);
    });
  });
});

describe('the failures before a run', () => {
  const lost: Outcome = { kind: 'failed', failure: { kind: 'store-unavailable', detail: 'no route' }, tail: [] };

  it.each([
    { name: 'make the wait after it longer', changes: false, failures: 4, waitsMs: 8 * 30_000 },
    {
      name: 'are forgiven by a change of the policy, also one that comes while it goes on',
      changes: true,
      failures: 1,
      waitsMs: 30_000,
    },
  ])('$name', async ({ changes, failures, waitsMs }) => {
    let fail: () => void = () => undefined;
    const backup: Executor<'backup'> = () =>
      new Promise((resolve) => {
        fail = () => {
          resolve(lost);
        };
      });
    await scene({ backup }, async ({ ledger, conductor, events }) => {
      for (const attempt of [1, 2, 3]) runThrough(ledger, aNewRun({ attempt }), aFailure());
      const conducted = conductor.conduct(work({ attempt: 4 }));
      if (changes) ledger.see([aSighting({ policyKey: 'another policy' })], start);
      fail();
      await conducted;

      expect(factsOf(ledger)).toMatchObject({ failures, retryAt: start + waitsMs });
      expect(events.at(-1)).toMatchObject({ event: 'run.backoff.scheduled', failures, until: start + waitsMs });
    });
  });
});
