import type { Action } from '../../src/model/action';
import { instantOf } from '../../src/model/brand';
import type { DuplicityCommand } from '../../src/model/duplicitycommand';
import type { Event } from '../../src/model/event';
import type { Adopter, Executor, Ledger } from '../../src/model/ports';
import type { Outcome, RunRecord } from '../../src/model/run';
import { anAction, scene, start, work } from '../support/conductor';
import { aDevice, aUuid } from '../support/desired';
import { aSuccess } from '../support/facts';
import { anotherOwner, factsOf } from '../support/ledger';

const success: Outcome = aSuccess();
const unreachable: Outcome = {
  kind: 'failed',
  failure: { kind: 'device-unreachable', phase: 'connect', detail: 'refused' },
  tail: [],
};

const { id, device, target, slot, dueSince, attempt } = anAction();
const common = { id, device, target, slot, dueSince, attempt };
const aCommand: DuplicityCommand = { word: 'cleanup', folder: null, amount: null, options: [] };
const question = { at: null, member: null, asksTarget: true };

function activeRun(ledger: Pick<Ledger, 'active'>): RunRecord {
  const [run] = ledger.active();
  if (run === undefined) throw new Error('the run must be active');
  return run;
}

const names = (events: readonly Event[]): readonly string[] => events.map(({ event }) => event);

/** Goes on until it is left or ended by a person. */
const endless: Executor<'backup'> = (_action, { signal, cancelled }) =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      resolve({ kind: 'detached', reason: 'shutdown' });
    });
    cancelled.addEventListener('abort', () => {
      resolve({ kind: 'failed', failure: { kind: 'cancelled', by: 'person' }, tail: [] });
    });
  });

describe('a run that is started', () => {
  it('is in the ledger before anything else happens, and its slot is handled when it has succeeded', async () => {
    await scene({ backup: () => Promise.resolve(success) }, async ({ ledger, conductor, events }) => {
      const conducted = conductor.conduct(work());
      expect(ledger.active()).toHaveLength(1);
      await conducted;

      expect(names(events)).toEqual(['run.started', 'run.succeeded']);
      expect(factsOf(ledger)).toMatchObject({ active: null, handledSlot: start });
      expect(conductor.followed().size).toBe(0);
    });
  });

  it('is not begun while the device has another', async () => {
    await scene({ backup: () => new Promise(() => undefined) }, async ({ conductor, events }) => {
      void conductor.conduct(work());
      await conductor.conduct(work({ slot: { kind: 'request', token: 'now' } }));

      expect(names(events)).toEqual(['run.started']);
    });
  });

  it('that fails is told with when it is tried again', async () => {
    await scene({ backup: () => Promise.resolve(unreachable) }, async ({ ledger, conductor, events }) => {
      await conductor.conduct(work());

      expect(events).toMatchObject([
        { event: 'run.started' },
        { event: 'run.failed', failure: { kind: 'device-unreachable' } },
        { event: 'run.backoff.scheduled', failures: 1, until: start + 30_000 },
      ]);
      expect(factsOf(ledger)).toMatchObject({ handledSlot: null, failures: 1, retryAt: start + 30_000 });
    });
  });

  it('is followed, and can be ended by a person', async () => {
    await scene({ backup: endless }, async ({ conductor, events }) => {
      const conducted = conductor.conduct(work());
      expect([...conductor.followed().values()]).toEqual([aUuid(1)]);

      conductor.cancel();
      await conducted;
      expect(events.at(-1)).toMatchObject({ event: 'run.cancelled', by: 'person' });
      expect(conductor.followed().size).toBe(0);
    });
  });

  it.each([
    { kind: 'backup', action: anAction() },
    { kind: 'execute', action: { ...common, kind: 'execute', command: aCommand } },
    { kind: 'survey', action: { ...common, kind: 'survey', source: aUuid(1), question } },
    { kind: 'restore', action: { ...common, kind: 'restore', source: aUuid(1), order: { kind: 'undo' } } },
  ] as const)('that is a $kind is carried out as one', async ({ kind, action }) => {
    const executor = (given: Action): Promise<Outcome> => {
      expect(given).toBe(action);
      return Promise.resolve(success);
    };
    await scene({ [kind]: executor }, async ({ conductor, events }) => {
      await conductor.conduct({ kind: 'start', action });

      expect(events).toMatchObject([
        { event: 'run.started', run: { kind }, adopted: false },
        { event: 'run.succeeded', run: { kind } },
      ]);
    });
  });

  it('writes down how far it has come', async () => {
    const executor: Executor<'backup'> = (_action, { advance }) => {
      advance('preparing');
      advance('running');
      return Promise.resolve(success);
    };
    await scene({ backup: executor }, async ({ ledger, conductor }) => {
      await conductor.conduct(work());

      expect(ledger.runsOf(aUuid(1), 1)[0]?.phases.map(({ phase }) => phase)).toEqual([
        'connecting',
        'preparing',
        'running',
      ]);
    });
  });

  it("may remove what the device's ended runs have left there, and nothing else", async () => {
    const forgotten: (readonly string[])[] = [];
    const executor: Executor<'backup'> = (_action, { forget }) => {
      forgotten.push(forget);
      return Promise.resolve(unreachable);
    };
    await scene({ backup: executor }, async ({ conductor }) => {
      await conductor.conduct(work());
      await conductor.conduct(work({ attempt: 2 }));

      expect(forgotten).toEqual([[], ['nonce']]);
    });
  });

  it('that nothing but a change can mend says nothing of another try', async () => {
    const lacking: Outcome = { kind: 'failed', failure: { kind: 'volumes-none' }, tail: [] };
    await scene({ backup: () => Promise.resolve(lacking) }, async ({ ledger, conductor, events }) => {
      await conductor.conduct(work());

      expect(names(events)).toEqual(['run.started', 'run.failed']);
      expect(factsOf(ledger)).toMatchObject({ handledSlot: start });
    });
  });

  it('whose executor throws is a defect of that run alone', async () => {
    await scene({ backup: () => Promise.reject(new Error('oh')) }, async ({ conductor, events }) => {
      await conductor.conduct(work());

      expect(events[1]).toMatchObject({ event: 'run.failed', failure: { kind: 'defect', detail: 'oh' } });
    });
  });

  it('is committed once, also when its executor has committed it already', async () => {
    const executor: Executor<'backup'> = (_action, { commit }) => {
      expect(commit(aSuccess())).toBe(true);
      expect(commit(aSuccess())).toBe(false);
      return Promise.resolve(success);
    };
    await scene({ backup: executor }, async ({ ledger, conductor, events }) => {
      await conductor.conduct(work());

      expect(names(events)).toEqual(['run.started', 'run.succeeded']);
      expect(ledger.runsOf(aUuid(1), 10)).toHaveLength(1);
    });
  });
});

describe('a run that goes on without us', () => {
  it.each([
    { reason: 'shutdown', waitsMs: 0 },
    { reason: 'link-lost', waitsMs: 60_000 },
  ] as const)('for $reason can be taken over after $waitsMs ms', async ({ reason, waitsMs }) => {
    await scene(
      { backup: () => Promise.resolve({ kind: 'detached', reason }) },
      async ({ ledger, conductor, events }) => {
        await conductor.conduct(work());
        const run = activeRun(ledger);
        const due = instantOf(start + waitsMs);

        expect(events.at(-1)).toMatchObject({ event: 'run.detached', reason });
        if (waitsMs > 0) expect(ledger.takeOver(run.runId, anotherOwner, instantOf(due - 1), due)).toBe(false);
        expect(ledger.takeOver(run.runId, anotherOwner, due, due)).toBe(true);
      },
    );
  });

  it('and is left at a shutdown is not lost, however long it has been going', async () => {
    const slow: Executor<'backup'> = () => Promise.resolve({ kind: 'detached', reason: 'shutdown' });
    await scene({ backup: slow }, async ({ ledger, conductor, events, clock }) => {
      const conducted = conductor.conduct(work());
      clock.ms = instantOf(start + 10 * 3_600_000);
      await conducted;

      expect(events.at(-1)).toMatchObject({ event: 'run.detached', reason: 'shutdown' });
      expect(ledger.active()).toHaveLength(1);
    });
  });

  it('and is not found for longer than it can last is lost', async () => {
    const adopter: Adopter = () => Promise.resolve({ kind: 'detached', reason: 'link-lost' });
    await scene({ backup: () => Promise.resolve({ kind: 'detached', reason: 'shutdown' }), adopter }, async (all) => {
      const { ledger, conductor, events, clock } = all;
      await conductor.conduct(work());
      const run = activeRun(ledger);
      clock.ms = instantOf(start + 2 * 3_600_000);
      await conductor.conduct({ kind: 'adopt', run, device: aDevice() });

      expect(events.at(-1)).toMatchObject({
        event: 'run.failed',
        failure: { kind: 'run-lost', detail: 'its device cannot be reached' },
      });
      expect(ledger.active()).toEqual([]);
      expect(ledger.runsOf(aUuid(1), 1)[0]?.outcome).toMatchObject({ kind: 'failed', tail: [] });
    });
  });

  it('whose device stays away is given up without being asked', async () => {
    await scene({ backup: () => Promise.resolve({ kind: 'detached', reason: 'shutdown' }) }, async (all) => {
      const { ledger, conductor, events } = all;
      await conductor.conduct(work());
      const run = activeRun(ledger);
      await conductor.conduct({ kind: 'lose', run });

      expect(events.at(-1)).toMatchObject({
        event: 'run.failed',
        failure: { kind: 'run-lost', detail: 'the device has not been reached since its time limit passed' },
      });
      expect(ledger.active()).toEqual([]);
      expect(ledger.runsOf(aUuid(1), 1)[0]?.outcome).toMatchObject({ kind: 'failed', tail: [] });
    });
  });

  it('is not given up by us once another process has it', async () => {
    await scene({ backup: () => Promise.resolve({ kind: 'detached', reason: 'shutdown' }) }, async (all) => {
      const { ledger, conductor, events } = all;
      await conductor.conduct(work());
      const run = activeRun(ledger);
      ledger.takeOver(run.runId, anotherOwner, start, instantOf(start + 30_000));
      await conductor.conduct({ kind: 'lose', run });

      expect(names(events)).toEqual(['run.started', 'run.detached']);
      expect(activeRun(ledger).owner).toEqual(anotherOwner);
    });
  });
});

describe('an adoption', () => {
  it("takes the run over, and its result counts as the run's", async () => {
    const adopter: Adopter = (_run, _device, { nonce }) => {
      expect(nonce).toBe('nonce');
      return Promise.resolve(success);
    };
    await scene({ backup: () => Promise.resolve({ kind: 'detached', reason: 'shutdown' }), adopter }, async (all) => {
      const { ledger, conductor, events } = all;
      await conductor.conduct(work());
      const run = activeRun(ledger);
      await conductor.conduct({ kind: 'adopt', run, device: aDevice() });

      expect(events.slice(2)).toMatchObject([{ event: 'run.started', adopted: true }, { event: 'run.succeeded' }]);
      expect(factsOf(ledger).handledSlot).toBe(start);
    });
  });

  it('is left again at a stop, as a run that was started is', async () => {
    const adopter: Adopter = (_run, _device, { signal }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          resolve({ kind: 'detached', reason: 'shutdown' });
        });
      });
    await scene({ backup: () => Promise.resolve({ kind: 'detached', reason: 'shutdown' }), adopter }, async (all) => {
      const { ledger, conductor, events } = all;
      await conductor.conduct(work());
      const conducted = conductor.conduct({
        kind: 'adopt',
        run: activeRun(ledger),
        device: aDevice(),
      });
      conductor.stop();
      await conducted;

      expect(names(events)).toEqual(['run.started', 'run.detached', 'run.started', 'run.detached']);
    });
  });

  it('of a run that this process follows itself does nothing', async () => {
    await scene({ backup: endless }, async ({ ledger, conductor, events, clock }) => {
      const conducted = conductor.conduct(work());
      const run = activeRun(ledger);
      clock.ms = instantOf(start + 60_000);
      await conductor.conduct({ kind: 'adopt', run, device: aDevice() });
      conductor.stop();
      await conducted;

      expect(names(events)).toEqual(['run.started', 'run.detached']);
    });
  });

  it('of a run that somebody else took meanwhile does nothing', async () => {
    await scene({ backup: () => Promise.resolve({ kind: 'detached', reason: 'shutdown' }) }, async (all) => {
      const { ledger, conductor, events } = all;
      await conductor.conduct(work());
      const run = activeRun(ledger);
      ledger.takeOver(run.runId, anotherOwner, start, instantOf(start + 30_000));
      await conductor.conduct({ kind: 'adopt', run, device: aDevice() });

      expect(names(events)).toEqual(['run.started', 'run.detached']);
    });
  });
});

describe('leases', () => {
  it('are renewed, and a run that another process has taken is left to it', async () => {
    const signals: AbortSignal[] = [];
    const followed: Executor<'backup'> = (action, context) => {
      signals.push(context.signal);
      return endless(action, context);
    };
    await scene({ backup: followed }, async ({ ledger, conductor, clock, events }) => {
      const conducted = conductor.conduct(work());
      clock.ms = instantOf(start + 10_000);
      conductor.renew();
      expect(ledger.active()[0]?.leaseUntil).toBe(start + 40_000);
      expect(signals.map(({ aborted }) => aborted)).toEqual([false]);

      const run = activeRun(ledger);
      ledger.takeOver(run.runId, anotherOwner, instantOf(start + 40_000), instantOf(start + 70_000));
      conductor.renew();
      await conducted;

      expect(ledger.active()[0]?.owner).toEqual(anotherOwner);
      expect(events.at(-1)).toMatchObject({ event: 'run.detached', reason: 'taken-over' });
    });
  });

  it('stopping leaves the runs on their devices, and nothing is started any more', async () => {
    await scene({ backup: endless }, async ({ ledger, conductor, events }) => {
      const conducted = conductor.conduct(work());
      conductor.stop();
      await conducted;
      await conductor.conduct(work({ device: aDevice({ uuid: aUuid(2) }) }));

      expect(names(events)).toEqual(['run.started', 'run.detached']);
      expect(ledger.active()).toHaveLength(1);
    });
  });

  it('once a person has had it end every run, it begins none', async () => {
    await scene({ backup: () => Promise.resolve(success) }, async ({ ledger, conductor, events }) => {
      conductor.cancel();
      await conductor.conduct(work());

      expect(names(events)).toEqual([]);
      expect(ledger.active()).toEqual([]);
    });
  });

  it.each([
    { name: 'stopping', act: 'stop' },
    { name: 'a renewal of leases', act: 'renew' },
  ] as const)('$name lets a run whose result is known be brought to its end', async ({ act }) => {
    let finish: () => void = () => undefined;
    const acknowledging: Executor<'backup'> = (_action, { commit, signal }) =>
      new Promise((resolve) => {
        commit(aSuccess());
        finish = () => {
          resolve(signal.aborted ? { kind: 'detached', reason: 'shutdown' } : success);
        };
      });
    await scene({ backup: acknowledging }, async ({ conductor, events }) => {
      const conducted = conductor.conduct(work());
      conductor[act]();
      finish();
      await conducted;

      expect(names(events)).toEqual(['run.started', 'run.succeeded']);
    });
  });
});
