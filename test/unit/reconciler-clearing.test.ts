import { LedgerError } from '../../src/ledger/ledgererror';
import { instantOf } from '../../src/model/brand';
import type { Adopter, Ledger } from '../../src/model/ports';
import type { Outcome, RunRecord } from '../../src/model/run';
import type { Work } from '../../src/reconciler/work';
import { scene, start } from '../support/conductor';
import { aDevice, aUuid } from '../support/desired';
import { aSuccess } from '../support/facts';
import { aNewRun, anEnding, anOwner } from '../support/ledger';

const detached: Outcome = { kind: 'detached', reason: 'link-lost' };

/** A run that has succeeded, and whose container its process did not come to remove. */
function leftIn(ledger: Ledger): RunRecord {
  const run = aNewRun();
  ledger.begin(run, anOwner, start);
  ledger.advance(run.runId, 'collecting', start);
  ledger.finish(run.runId, anEnding());
  const [left] = ledger.remaining();
  if (left === undefined) throw new Error('nothing is left');
  return left;
}

const workOf = (run: RunRecord): Work => ({ kind: 'adopt', run, device: aDevice() });

describe('the container that a run has left on its device', () => {
  it('is acknowledged and gone; the run itself stays as it was', async () => {
    const adopter: Adopter = (run, _device, { nonce, advance, emit, commit, removed }) => {
      expect([run.nonce, commit(aSuccess())]).toEqual([nonce, true]);
      advance('collecting');
      emit({
        event: 'run.warned',
        run: { ...aNewRun(), device: { uuid: run.device, name: '' }, slot: '' },
        message: '',
      });
      removed();
      return Promise.resolve(aSuccess());
    };
    await scene({ adopter }, async ({ ledger, conductor, events }) => {
      const left = leftIn(ledger);
      await conductor.conduct(workOf(left));

      expect(ledger.remaining()).toEqual([]);
      expect(ledger.runsOf(left.device, 10)).toEqual([left]);
      expect(events).toEqual([]);
    });
  });

  it('is left for a minute where its device is not reached', async () => {
    await scene({ adopter: () => Promise.resolve(detached) }, async ({ ledger, conductor, clock }) => {
      clock.ms = start + 5000;
      await conductor.conduct(workOf(leftIn(ledger)));

      expect(ledger.remaining().map(({ leaseUntil }) => leaseUntil)).toEqual([instantOf(start + 65_000)]);
    });
  });

  it('keeps its device for itself meanwhile, and is looked for once at a time', async () => {
    let [asked, reach] = [0, (): void => undefined];
    const adopter: Adopter = async () => {
      asked += 1;
      await new Promise<void>((resolve) => {
        reach = resolve;
      });
      return detached;
    };
    await scene({ adopter }, async ({ ledger, conductor }) => {
      const left = leftIn(ledger);
      const first = conductor.conduct(workOf(left));
      await conductor.conduct(workOf(left));
      expect(conductor.followed()).toEqual(new Map([[left.runId, aUuid(1)]]));
      conductor.renew();
      reach();
      await first;

      expect(asked).toBe(1);
      expect(conductor.followed().size).toBe(0);
    });
  });

  it('waits for the next process when this one stops', async () => {
    const adopter: Adopter = (_run, _device, { signal }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          resolve({ kind: 'detached', reason: 'shutdown' });
        });
      });
    await scene({ adopter }, async ({ ledger, conductor }) => {
      const clearing = conductor.conduct(workOf(leftIn(ledger)));
      conductor.stop();
      await clearing;

      expect(ledger.remaining()).toHaveLength(1);
    });
  });

  it('is left for a minute where its device has said nothing for as long as a run can last', async () => {
    const adopter: Adopter = (_run, _device, { signal }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          resolve({ kind: 'detached', reason: 'shutdown' });
        });
      });
    await scene({ adopter }, async ({ ledger, conductor, scheduler, clock }) => {
      const clearing = conductor.conduct(workOf(leftIn(ledger)));
      expect(conductor.clearing()).toEqual(new Set([aUuid(1)]));
      clock.ms = start + 1000;
      scheduler.flush();
      await clearing;

      expect(scheduler.now()).toBe(2 * 3_600_000);
      expect(conductor.clearing().size).toBe(0);
      expect(ledger.remaining().map(({ leaseUntil }) => leaseUntil)).toEqual([instantOf(start + 61_000)]);
    });
  });

  it('is no matter of the run where the ledger fails', async () => {
    const leave = (): never => {
      throw new LedgerError('the ledger stayed locked by another process');
    };
    await scene({ adopter: () => Promise.resolve(detached), trouble: { leave } }, async ({ ledger, conductor }) => {
      await expect(conductor.conduct(workOf(leftIn(ledger)))).rejects.toThrow('locked');
      expect(conductor.followed().size).toBe(0);
    });
  });
});
