import { type ActionOf, actionIdOf } from '../../src/model/action';
import { instantOf } from '../../src/model/brand';
import type { Event } from '../../src/model/event';
import type { Adopter, Executor, Ledger } from '../../src/model/ports';
import type { Outcome } from '../../src/model/run';
import { type Conductor, createConductor, type Work } from '../../src/reconciler/conduct';
import { aDevice, aPolicy, aTarget, aUuid } from '../support/desired';
import { aSuccess, at } from '../support/facts';
import { aSighting, anotherOwner, factsOf, scheduled, withOpenLedger } from '../support/ledger';

const start = at('2026-11-24T00:00:00Z');
const slot = scheduled('2026-11-24T00:00:00Z');
const success: Outcome = aSuccess();
const unreachable: Outcome = {
  kind: 'failed',
  failure: { kind: 'device-unreachable', phase: 'connect', detail: 'refused' },
  tail: [],
};

function anAction(over: Partial<ActionOf<'backup'>> = {}): ActionOf<'backup'> {
  return {
    kind: 'backup',
    id: actionIdOf(aUuid(1), 'backup', slot),
    device: aDevice(),
    policy: aPolicy(),
    target: aTarget(),
    slot,
    dueSince: start,
    attempt: 1,
    mode: 'auto',
    ...over,
  };
}

const work = (over: Partial<ActionOf<'backup'>> = {}): Work => ({ kind: 'start', action: anAction(over), failures: 0 });

const notAskedFor = (): Promise<never> => Promise.reject(new Error('not asked for'));

interface Scene {
  readonly ledger: Ledger;
  readonly conductor: Conductor;
  readonly events: Event[];
  readonly clock: { ms: number };
}

/** A conductor on a real ledger whose runs go as the test says. */
async function scene(
  runs: { readonly executor?: Executor<'backup'>; readonly adopter?: Adopter },
  play: (scene: Scene) => Promise<void>,
): Promise<void> {
  const events: Event[] = [];
  const clock = { ms: start };
  await withOpenLedger(async (ledger) => {
    ledger.see([aSighting()], start);
    const conductor = createConductor({
      ledger,
      executors: {
        backup: runs.executor ?? notAskedFor,
        execute: notAskedFor,
        survey: notAskedFor,
        restore: notAskedFor,
      },
      adopter: runs.adopter ?? notAskedFor,
      owner: { process: 'host:2', startedAt: start },
      clock: { now: () => instantOf(clock.ms) },
      emit: (event) => events.push(event),
      runTimeoutMs: 3_600_000,
      random: () => 0,
      nonce: () => 'nonce',
    });
    await play({ ledger, conductor, events, clock });
  });
}

const names = (events: readonly Event[]): readonly string[] => events.map(({ event }) => event);

describe('a run that is started', () => {
  it('is in the ledger before anything else happens, and its slot is handled when it has succeeded', async () => {
    await scene({ executor: () => Promise.resolve(success) }, async ({ ledger, conductor, events }) => {
      const conducted = conductor.conduct(work());
      expect(ledger.active()).toHaveLength(1);
      await conducted;

      expect(names(events)).toEqual(['run.started', 'run.succeeded']);
      expect(factsOf(ledger)).toMatchObject({ active: null, handledSlot: start });
      expect(conductor.followed().size).toBe(0);
    });
  });

  it('is not begun while the device has another', async () => {
    await scene({ executor: () => new Promise(() => undefined) }, async ({ conductor, events }) => {
      void conductor.conduct(work());
      await conductor.conduct(work({ slot: { kind: 'request', token: 'now' } }));

      expect(names(events)).toEqual(['run.started']);
    });
  });

  it('that fails is told with when it is tried again', async () => {
    await scene({ executor: () => Promise.resolve(unreachable) }, async ({ ledger, conductor, events }) => {
      await conductor.conduct(work());

      expect(events).toMatchObject([
        { event: 'run.started' },
        { event: 'run.failed', failure: { kind: 'device-unreachable' } },
        { event: 'run.backoff.scheduled', failures: 1, until: start + 30_000 },
      ]);
      expect(factsOf(ledger)).toMatchObject({ handledSlot: null, failures: 1, retryAt: start + 30_000 });
    });
  });

  it('that nothing but a change can mend says nothing of another try', async () => {
    const lacking: Outcome = { kind: 'failed', failure: { kind: 'volumes-none' }, tail: [] };
    await scene({ executor: () => Promise.resolve(lacking) }, async ({ ledger, conductor, events }) => {
      await conductor.conduct(work());

      expect(names(events)).toEqual(['run.started', 'run.failed']);
      expect(factsOf(ledger)).toMatchObject({ handledSlot: start });
    });
  });

  it('whose executor throws is a defect of that run alone', async () => {
    await scene({ executor: () => Promise.reject(new Error('oh')) }, async ({ conductor, events }) => {
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
    await scene({ executor }, async ({ ledger, conductor, events }) => {
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
      { executor: () => Promise.resolve({ kind: 'detached', reason }) },
      async ({ ledger, conductor, events }) => {
        await conductor.conduct(work());
        const [run] = ledger.active();
        if (run === undefined) throw new Error('the run must stay active');
        const due = instantOf(start + waitsMs);

        expect(events.at(-1)).toMatchObject({ event: 'run.detached', reason });
        if (waitsMs > 0) expect(ledger.takeOver(run.runId, anotherOwner, instantOf(due - 1), due)).toBe(false);
        expect(ledger.takeOver(run.runId, anotherOwner, due, due)).toBe(true);
      },
    );
  });

  it('and is not found for longer than it can last is lost', async () => {
    const adopter: Adopter = () => Promise.resolve({ kind: 'detached', reason: 'link-lost' });
    await scene({ executor: () => Promise.resolve({ kind: 'detached', reason: 'shutdown' }), adopter }, async (all) => {
      const { ledger, conductor, events, clock } = all;
      await conductor.conduct(work());
      const [run] = ledger.active();
      if (run === undefined) throw new Error('the run must stay active');
      clock.ms = instantOf(start + 2 * 3_600_000);
      await conductor.conduct({ kind: 'adopt', run, device: aDevice(), failures: 0 });

      expect(events.at(-1)).toMatchObject({ event: 'run.failed', failure: { kind: 'run-lost' } });
      expect(ledger.active()).toEqual([]);
    });
  });

  it('whose device stays away is given up without being asked', async () => {
    await scene({ executor: () => Promise.resolve({ kind: 'detached', reason: 'shutdown' }) }, async (all) => {
      const { ledger, conductor, events } = all;
      await conductor.conduct(work());
      const [run] = ledger.active();
      if (run === undefined) throw new Error('the run must stay active');
      await conductor.conduct({ kind: 'lose', run, failures: 0 });

      expect(events.at(-1)).toMatchObject({ event: 'run.failed', failure: { kind: 'run-lost' } });
      expect(ledger.active()).toEqual([]);
    });
  });
});

describe('an adoption', () => {
  it("takes the run over, and its result counts as the run's", async () => {
    const adopter: Adopter = (_run, _device, { nonce }) => {
      expect(nonce).toBe('nonce');
      return Promise.resolve(success);
    };
    await scene({ executor: () => Promise.resolve({ kind: 'detached', reason: 'shutdown' }), adopter }, async (all) => {
      const { ledger, conductor, events } = all;
      await conductor.conduct(work());
      const [run] = ledger.active();
      if (run === undefined) throw new Error('the run must stay active');
      await conductor.conduct({ kind: 'adopt', run, device: aDevice(), failures: 0 });

      expect(events.slice(2)).toMatchObject([{ event: 'run.started', adopted: true }, { event: 'run.succeeded' }]);
      expect(factsOf(ledger).handledSlot).toBe(start);
    });
  });

  it('of a run that somebody else took meanwhile does nothing', async () => {
    await scene({ executor: () => Promise.resolve({ kind: 'detached', reason: 'shutdown' }) }, async (all) => {
      const { ledger, conductor, events } = all;
      await conductor.conduct(work());
      const [run] = ledger.active();
      if (run === undefined) throw new Error('the run must stay active');
      ledger.takeOver(run.runId, anotherOwner, start, instantOf(start + 30_000));
      await conductor.conduct({ kind: 'adopt', run, device: aDevice(), failures: 0 });

      expect(names(events)).toEqual(['run.started', 'run.detached']);
    });
  });
});

describe('leases', () => {
  /** Goes on until it is aborted. */
  const endless: Executor<'backup'> = (_action, { signal }) =>
    new Promise((resolve) => {
      signal.addEventListener('abort', () => {
        resolve({ kind: 'detached', reason: 'shutdown' });
      });
    });

  it('are renewed, and a run that another process has taken is left to it', async () => {
    await scene({ executor: endless }, async ({ ledger, conductor, clock }) => {
      const conducted = conductor.conduct(work());
      clock.ms = instantOf(start + 10_000);
      conductor.renew();
      expect(ledger.active()[0]?.leaseUntil).toBe(start + 40_000);

      const [run] = ledger.active();
      if (run === undefined) throw new Error('the run must be active');
      ledger.takeOver(run.runId, anotherOwner, instantOf(start + 40_000), instantOf(start + 70_000));
      conductor.renew();
      await conducted;

      expect(ledger.active()[0]?.owner).toEqual(anotherOwner);
    });
  });

  it('stopping leaves the runs on their devices, and nothing is started any more', async () => {
    await scene({ executor: endless }, async ({ ledger, conductor, events }) => {
      const conducted = conductor.conduct(work());
      conductor.stop();
      await conducted;
      await conductor.conduct(work({ device: aDevice({ uuid: aUuid(2) }) }));

      expect(names(events)).toEqual(['run.started', 'run.detached']);
      expect(ledger.active()).toHaveLength(1);
    });
  });

  it('stopping lets a run whose result is known be brought to its end', async () => {
    let finish: () => void = () => undefined;
    const acknowledging: Executor<'backup'> = (_action, { commit, signal }) =>
      new Promise((resolve) => {
        commit(aSuccess());
        finish = () => {
          resolve(signal.aborted ? { kind: 'detached', reason: 'shutdown' } : success);
        };
      });
    await scene({ executor: acknowledging }, async ({ conductor, events }) => {
      const conducted = conductor.conduct(work());
      conductor.stop();
      finish();
      await conducted;

      expect(names(events)).toEqual(['run.started', 'run.succeeded']);
    });
  });
});
