import type { Executor } from '../../src/model/ports';
import { scene, work } from '../support/conductor';
import { aSuccess } from '../support/facts';

/** Says nothing until it is left. */
const endless: Executor<'backup'> = (_action, { signal }) =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      resolve({ kind: 'detached', reason: 'shutdown' });
    });
  });

describe('a run whose device keeps the link open and says nothing', () => {
  it('is given up an hour after its time limit, whatever the clock says', async () => {
    await scene({ backup: endless }, async ({ ledger, conductor, scheduler, events }) => {
      const conducted = conductor.conduct(work());
      scheduler.maxFrames = 2 * 3_600_000 - 1;
      scheduler.flush();
      expect(ledger.active()).toHaveLength(1);

      scheduler.maxFrames = Infinity;
      scheduler.flush();
      await conducted;
      expect(events.at(-1)).toMatchObject({
        event: 'run.failed',
        failure: { kind: 'run-lost', detail: expect.stringContaining('its engine may hang') as unknown },
      });
      expect(ledger.active()).toEqual([]);
      expect(conductor.followed().size).toBe(0);
    });
  });

  it('is given up five minutes after its result, if its container is not gone by then', async () => {
    const heard: Executor<'backup'> = (_action, { commit, signal }) => {
      commit(aSuccess());
      return new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          resolve(aSuccess());
        });
      });
    };
    await scene({ backup: heard }, async ({ ledger, conductor, scheduler, events }) => {
      const conducted = conductor.conduct(work());
      scheduler.flush();
      await conducted;

      expect(scheduler.now()).toBe(300_000);
      expect(events.map(({ event }) => event)).toEqual(['run.started', 'run.succeeded']);
      expect(ledger.active()).toEqual([]);
      expect(conductor.followed().size).toBe(0);
    });
  });

  it('is waited for no more once it has ended', async () => {
    await scene({ backup: () => Promise.resolve(aSuccess()) }, async ({ conductor, scheduler, events }) => {
      await conductor.conduct(work());
      scheduler.flush();

      expect(scheduler.now()).toBe(0);
      expect(events.map(({ event }) => event)).toEqual(['run.started', 'run.succeeded']);
    });
  });
});
