import type { DatabaseSync } from 'node:sqlite';
import { Subject } from 'rxjs';
import { createAdopter, createExecutors } from '../../../src/executors';
import { ledgerIn } from '../../../src/ledger/ledger';
import type { Ledger } from '../../../src/model/ports';
import { createResolver } from '../../../src/model/resolve';
import type { Settings } from '../../../src/model/settings';
import { type Conductor, createConductor } from '../../../src/reconciler/conduct';
import { FleetReader } from '../../../src/reconciler/fleetview';
import { createPass, type Pass } from '../../../src/reconciler/pass';
import { running$ } from '../../../src/reconciler/running';
import type { SlotBook } from '../../../src/reconciler/slotbook';
import type { SimFleet } from './fleet';
import { Killed, Life } from './life';
import type { Random } from './random';
import type { VirtualTime } from './virtualtime';
import type { Watch } from './watch';

/** A bug that is put in on purpose, to see that it is found. */
export interface Sabotage {
  readonly ledger?: (ledger: Ledger) => Ledger;
  readonly pass?: (pass: Pass, random: Random) => Pass;
}

export interface ControllerWorld {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly fleet: SimFleet;
  readonly database: DatabaseSync;
  readonly settings: Settings;
  readonly slots: SlotBook;
  readonly watch: Watch;
  readonly sabotage: Sabotage;
}

export interface SimController {
  readonly life: Life;
  readonly conductor: Conductor;
  readonly pass: Pass;
  /** As SIGHUP does. */
  resync(): void;
  /** As SIGTERM does; it is over some seconds later. */
  stop(): void;
  /** It is killed in its n-th call of the ledger from now, before or after what that call writes. */
  killIn(calls: number, when: 'before' | 'after'): void;
}

const RENEW_MS = 25_000;
const GRACE_MS = 8000;

/** The real reconciler, executors and ledger, between a simulated API and simulated devices. */
export function startController(world: ControllerWorld): SimController {
  const { time, random, fleet, settings, watch, sabotage } = world;
  const life = new Life();
  const doom = new Doom(life);
  const sound = doom.over(watch.ledger(ledgerIn(world.database, ':memory:')));
  const ledger = sabotage.ledger?.(sound) ?? sound;
  const conductor = conductorOf(world, life, ledger);
  watch.begin(life, conductor);
  const inner = createPass({
    fleet: new FleetReader({
      api: fleet.apiFor(life, (answer) => {
        watch.answered(answer);
      }),
      register: () => Promise.resolve(null),
      emit: watch.sinkOf(life),
      intervalMs: settings.reconcileIntervalMs,
    }),
    ledger,
    resolve: createResolver(settings),
    limits: { maxConcurrentRuns: settings.maxConcurrentRuns, startingDeadlineMs: settings.startingDeadlineMs },
    runTimeoutMs: settings.runTimeoutMs,
    slots: world.slots,
    followed: () => conductor.followed(),
    clearing: () => conductor.clearing(),
    clock: { now: () => time.clock() },
    emit: watch.sinkOf(life),
  });
  const pass = watch.pass(life, sabotage.pass?.(inner, random) ?? inner);
  const [signals$, stop$, stop] = [new Subject<void>(), new Subject<void>(), new AbortController()];
  const running = running$({
    conductor,
    pass,
    signals$,
    stop$,
    stopSignal: stop.signal,
    intervalMs: settings.reconcileIntervalMs,
    maxConcurrentRuns: settings.maxConcurrentRuns,
    scheduler: time,
  }).subscribe({
    error: (error: unknown) => {
      if (!life.isOver) watch.fail('no-defects', error instanceof Error ? (error.stack ?? error.message) : 'unknown');
    },
  });
  life.atEnd(() => {
    running.unsubscribe();
  });
  return {
    life,
    conductor,
    pass: inner,
    resync: () => {
      signals$.next();
    },
    stop: () => {
      stop.abort();
      conductor.stop();
      stop$.next();
      time.after(GRACE_MS, () => {
        life.end();
      });
    },
    killIn: (calls, when) => {
      doom.set(calls, when);
    },
  };
}

function conductorOf({ time, random, fleet, settings, watch }: ControllerWorld, life: Life, ledger: Ledger): Conductor {
  const clock = { now: () => time.clock() };
  const unused = (): Promise<never> => Promise.reject(new Error('the simulation has no keys'));
  const tools = {
    transport: fleet.transportFor(life),
    keys: { fleetKey: unused, credentialFor: unused, isCollector: () => false },
    pruneCollector: unused,
    settings,
    scrub: (text: string) => text,
    clock,
    // The simulated ways take their own time.
    reconnectPausesMs: [0, 0, 0],
  };
  const emit = watch.sinkOf(life);
  const conductor = createConductor({
    ledger,
    executors: createExecutors(tools),
    adopter: createAdopter(tools),
    owner: { process: `host:${random.hex(6)}`, startedAt: clock.now() },
    clock,
    timer: (ms, work) => time.timer(ms, work),
    emit: (event) => {
      emit(event);
      if (event.event === 'run.started') renewing();
    },
    runTimeoutMs: settings.runTimeoutMs,
    random: () => random.next(),
    nonce: () => random.hex(32),
  });
  let isRenewing = false;
  const renewing = (): void => {
    if (isRenewing) return;
    isRenewing = true;
    time.after(RENEW_MS, () => {
      isRenewing = false;
      if (life.isOver || conductor.followed().size === 0) return;
      unlessKilled(() => {
        conductor.renew();
      });
      renewing();
    });
  };
  return conductor;
}

/** Counts calls of the ledger, and kills the process in one of them. */
class Doom {
  readonly #life: Life;
  #calls = Number.POSITIVE_INFINITY;
  #when: 'before' | 'after' = 'before';

  public constructor(life: Life) {
    this.#life = life;
  }

  public set(calls: number, when: 'before' | 'after'): void {
    this.#calls = calls;
    this.#when = when;
  }

  public over(ledger: Ledger): Ledger {
    const call = <T>(work: () => T): T => this.#call(work);
    return {
      facts: () => call(() => ledger.facts()),
      active: () => call(() => ledger.active()),
      remaining: () => call(() => ledger.remaining()),
      news: (...args) => call(() => ledger.news(...args)),
      lastSuccessOf: (...args) => call(() => ledger.lastSuccessOf(...args)),
      failuresOf: (...args) => call(() => ledger.failuresOf(...args)),
      endedNonces: (...args) => call(() => ledger.endedNonces(...args)),
      runsOf: (...args) => call(() => ledger.runsOf(...args)),
      see: (...args) => {
        call(() => {
          ledger.see(...args);
        });
      },
      begin: (...args) => call(() => ledger.begin(...args)),
      renew: (...args) => call(() => ledger.renew(...args)),
      takeOver: (...args) => call(() => ledger.takeOver(...args)),
      release: (...args) => call(() => ledger.release(...args)),
      leave: (...args) => {
        call(() => {
          ledger.leave(...args);
        });
      },
      advance: (...args) => {
        call(() => {
          ledger.advance(...args);
        });
      },
      finish: (...args) => call(() => ledger.finish(...args)),
      skip: (...args) => {
        call(() => {
          ledger.skip(...args);
        });
      },
      close: () => undefined,
    };
  }

  #call<T>(work: () => T): T {
    if (this.#life.isOver) throw new Killed();
    this.#calls -= 1;
    if (this.#calls <= 0 && this.#when === 'before') this.#kill();
    const result = work();
    if (this.#calls <= 0) this.#kill();
    return result;
  }

  #kill(): never {
    this.#life.end();
    throw new Killed();
  }
}

function unlessKilled(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
  }
}
