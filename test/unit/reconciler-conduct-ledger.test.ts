import { LedgerError } from '../../src/ledger/ledgererror';
import type { Executor } from '../../src/model/ports';
import { scene, work } from '../support/conductor';
import { aUuid } from '../support/desired';
import { aSuccess } from '../support/facts';

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
