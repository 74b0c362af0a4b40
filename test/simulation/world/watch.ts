import type { DeviceUuid, RunId } from '../../../src/model/brand';
import type { Event, EventSink } from '../../../src/model/event';
import type { Ledger } from '../../../src/model/ports';
import type { HoldReason } from '../../../src/model/verdict';
import type { Conductor } from '../../../src/reconciler/conduct';
import type { Cause } from '../../../src/reconciler/fleetview';
import type { Pass, PassAnswer } from '../../../src/reconciler/pass';
import type { Answer } from './fleet';
import {
  end,
  forgive,
  isEnabled,
  type Known,
  nextSlotOf,
  type Rules,
  see,
  settle,
  shortestPauseMs,
  unknown,
  type Violation,
} from './known';
import type { Life } from './life';
import { type Passed, problemsOf } from './passcheck';
import type { Order, SimDevice } from './simdevice';
import type { VirtualTime } from './virtualtime';

export interface WatchOptions {
  readonly time: VirtualTime;
  readonly deadlineMs: number | null;
  readonly maxConcurrentRuns: number;
  readonly runTimeoutMs: number;
}

const SLACK_MS = 1000;
const MINUTE = 60_000;
/** How long after its time limit a run may be followed, with what it takes to give it up, and how long one whose result is known. */
const FOLLOWED_MS = 70 * MINUTE;
const CLEARED_MS = 10 * MINUTE;

const ENDINGS: readonly Event['event'][] = ['run.succeeded', 'run.failed', 'run.cancelled', 'run.detached'];

type Follower = Pick<Conductor, 'followed' | 'clearing'>;

/** Sees everything that happens in a simulated world, and says which law is broken. */
export class Watch {
  public readonly violations: Violation[] = [];
  public readonly skewsMs: number[] = [];
  public readonly counts = { runs: 0, successes: 0, passes: 0, adoptions: 0, failures: 0 };
  readonly #options: WatchOptions;
  readonly #known = new Map<DeviceUuid, Known>();
  readonly #stored = new Set<string>();
  readonly #started = new Set<string>();
  readonly #held = new Map<DeviceUuid, { reason: HoldReason; until: number | null }>();
  #answer: Answer | null = null;
  #answeredAt = Number.NEGATIVE_INFINITY;
  #isRefused = false;
  #pending: Passed | null = null;
  #quiet: ReadonlySet<DeviceUuid> = new Set();
  #wakeAt = Number.POSITIVE_INFINITY;
  #isPassing = false;
  #life: Life | null = null;
  #follower: Follower = { followed: () => new Map(), clearing: () => new Set() };
  /** The runs of this life by when it began to follow them, and by when it heard their results. */
  readonly #begunAt = new Map<RunId, number>();
  readonly #heardAt = new Map<RunId, number>();
  #forgivenAt = Number.NEGATIVE_INFINITY;
  #suspendedUntil = Number.NEGATIVE_INFINITY;

  public constructor(options: WatchOptions) {
    this.#options = options;
  }

  public get known(): ReadonlyMap<DeviceUuid, Known> {
    return this.#known;
  }

  public get isSuspended(): boolean {
    return this.#options.time.trueMs < this.#suspendedUntil;
  }

  public get rules(): Rules {
    return { deadlineMs: this.#options.deadlineMs, forgivenAt: this.#forgivenAt };
  }

  public fail(law: string, detail: string): void {
    const at = new Date(this.#options.time.trueMs).toISOString();
    if (this.violations.length < 20) this.violations.push({ law, detail: `${at}: ${detail}` });
  }

  /** While a clock is wrong, and until what it wrote is worked off, only safety is promised. */
  public suspend(forMs: number): void {
    const until = this.#options.time.trueMs + forMs;
    this.#suspendedUntil = Math.max(this.#suspendedUntil, until);
    this.#forgivenAt = this.#suspendedUntil;
    this.#wakeAt = Number.POSITIVE_INFINITY;
    this.#options.time.after(forMs, () => {
      if (!this.isSuspended) for (const known of this.#known.values()) forgive(known, this.#options.time.now());
    });
  }

  /** A life begins: what a former one knew is gone. */
  public begin(life: Life, follower: Follower): void {
    this.#life = life;
    this.#follower = follower;
    this.#begunAt.clear();
    this.#heardAt.clear();
    this.#answer = null;
    this.#pending = null;
    this.#isPassing = false;
    this.#wakeAt = Number.POSITIVE_INFINITY;
    this.#quiet = new Set();
    life.atEnd(() => {
      this.#wakeAt = Number.POSITIVE_INFINITY;
    });
  }

  public answered(answer: Answer): void {
    this.#answer = answer;
    this.#answeredAt = this.#options.time.now();
    this.#isRefused = false;
  }

  public sinkOf(life: Life): EventSink {
    return (event) => {
      if (!life.isOver) this.#hear(event);
    };
  }

  public pass(life: Life, inner: Pass): Pass {
    return async (cause: Cause, signal): Promise<PassAnswer> => {
      this.#isPassing = true;
      this.#wakeAt = Number.POSITIVE_INFINITY;
      this.#held.clear();
      const answer = await inner(cause, signal);
      if (!life.isOver) this.#passed(answer);
      return answer;
    };
  }

  /** The ledger, as truth: what it has accepted. */
  public ledger(inner: Ledger): Ledger {
    return {
      ...inner,
      see: (sightings, now, rejected) => {
        inner.see(sightings, now, rejected);
        for (const [uuid, { asked, isConnected }] of this.#answer ?? []) see(this.#of(uuid), asked, isConnected, now);
      },
      begin: (run, owner, leaseUntil) => {
        const begun = inner.begin(run, owner, leaseUntil);
        if (begun) this.#begun(run);
        return begun;
      },
      finish: (runId, ending) => {
        const finished = inner.finish(runId, ending);
        if (finished) this.#finished(runId, ending);
        return finished;
      },
      skip: (device, slot) => {
        inner.skip(device, slot);
        settle(this.#of(device), slot);
      },
    };
  }

  /** A script came to the device. */
  public asked(device: SimDevice, order: Order): void {
    const others = [...device.starting].filter((nonce) => nonce !== order.nonce);
    if (order.isStart && others.length > 0) this.fail('one-run', `${device.uuid} is asked for two runs at once`);
  }

  public started(device: SimDevice, { nonce, slot }: Order): void {
    this.counts.runs += 1;
    if (this.#started.has(nonce)) this.fail('nothing-repeated', `a run was started twice on ${device.uuid}`);
    this.#started.add(nonce);
    const known = this.#of(device.uuid);
    const run = known.active;
    if (run?.nonce !== nonce) this.fail('ledger-first', `${device.uuid} runs ${slot}, which the ledger has given up`);
    else if (known.succeeded.has(JSON.stringify(run.slot)) && run.slot.kind === 'schedule' && !this.isSuspended) {
      this.fail('nothing-repeated', `${device.uuid} runs ${slot} again, which has succeeded`);
    }
  }

  public stored(nonce: string): void {
    this.#stored.add(nonce);
  }

  /** Looks at the world when an event has settled. */
  public check(): void {
    const { time } = this.#options;
    const isAlive = this.#life !== null && !this.#life.isOver;
    const passed = this.#pending;
    this.#pending = null;
    // A controller that was killed has not done what its last pass said.
    if (passed !== null && isAlive && !this.isSuspended) this.#look(passed);
    if (isAlive && !this.#isPassing && !this.isSuspended && time.now() > this.#wakeAt + SLACK_MS) {
      this.fail('wakes-in-time', `nothing woke the controller at ${new Date(this.#wakeAt).toISOString()}`);
      this.#wakeAt = Number.POSITIVE_INFINITY;
    }
  }

  #of(uuid: DeviceUuid): Known {
    const known = this.#known.get(uuid) ?? unknown(uuid);
    this.#known.set(uuid, known);
    return known;
  }

  #hear(event: Event): void {
    if (event.event === 'device.held') {
      this.#held.set(event.device.uuid, { reason: event.reason, until: event.until });
    } else if (event.event === 'reconcile.failed') {
      this.#isRefused = event.failure.kind === 'auth-rejected';
    } else if (event.event === 'run.started') {
      this.#begunAt.set(event.run.runId, this.#options.time.trueMs);
      if (event.adopted) this.counts.adoptions += 1;
      else this.#measure(event.run.device.uuid, event.run.slot);
    } else if ('run' in event && ENDINGS.includes(event.event)) {
      this.#begunAt.delete(event.run.runId);
      if (event.event !== 'run.detached') this.#heardAt.set(event.run.runId, this.#options.time.trueMs);
    }
  }

  /** Whatever a device does or does not say, its run comes to an end for the controller. */
  #askForOld(): void {
    const { time, runTimeoutMs } = this.#options;
    const followed = this.#follower.followed();
    for (const [runId, at] of this.#begunAt)
      if (time.trueMs - at > runTimeoutMs + FOLLOWED_MS) this.fail('lets-go', `run ${runId} is still followed`);
    for (const [runId, at] of this.#heardAt) {
      if (!followed.has(runId)) this.#heardAt.delete(runId);
      else if (time.trueMs - at > CLEARED_MS) this.fail('lets-go', `run ${runId} still waits to be cleared away`);
    }
  }

  /** From the slot to the start, where the last pass before the slot saw nothing in the way. */
  #measure(uuid: DeviceUuid, slot: string): void {
    const at = /^\d{4}-/.test(slot) ? Date.parse(slot) : Number.NaN;
    if (Number.isNaN(at) || !this.#quiet.has(uuid) || this.isSuspended) return;
    this.skewsMs.push(this.#options.time.now() - at);
  }

  #passed(answer: PassAnswer): void {
    this.#isPassing = false;
    this.counts.passes += 1;
    if (this.#answer === null) return;
    const started = new Set(answer.work.flatMap((work) => (work.kind === 'start' ? [work.action.device.uuid] : [])));
    this.#askForOld();
    const [busy, clearing] = [new Set(this.#follower.followed().values()), this.#follower.clearing()];
    const now = this.#options.time.now();
    const [answeredAt, isRefused] = [this.#answeredAt, this.#isRefused];
    this.#pending = { started, held: new Map(this.#held), busy, clearing, now, answeredAt, isRefused };
  }

  #look(passed: Passed): void {
    const { maxConcurrentRuns } = this.#options;
    const problems = problemsOf(this.#known, passed, { ...this.rules, maxConcurrentRuns });
    for (const { law, detail } of problems) this.fail(law, detail);
    const isCrowded = [...passed.held.values()].some(({ reason }) => reason === 'at-limit');
    const quiet = [...this.#known.values()].filter(
      (known) => isEnabled(known) && !passed.held.has(known.uuid) && !passed.started.has(known.uuid),
    );
    this.#quiet = new Set(isCrowded ? [] : quiet.filter(({ isConnected }) => isConnected).map(({ uuid }) => uuid));
    const slots = quiet.map((known) => nextSlotOf(known, passed.now));
    const waits = [...passed.held.values()].map(({ until }) => until ?? Number.POSITIVE_INFINITY);
    if (!this.#isPassing) this.#wakeAt = Math.min(...slots, ...waits);
  }

  #begun(run: Parameters<Ledger['begin']>[0]): void {
    const known = this.#of(run.device);
    const now = this.#options.time.now();
    if (known.active !== null) this.fail('one-run', `${run.device} has two active runs in the ledger`);
    const pauseMs = now - known.lastEndAt;
    const isFirst = run.attempt === 1 && run.slot.kind === 'request';
    if (!isFirst && run.slot.kind !== 'manual' && pauseMs < shortestPauseMs(known) && !this.isSuspended) {
      this.fail('backs-off', `${run.device} is tried ${String(pauseMs)} ms after failure ${String(known.streak)}`);
    }
    known.active = run;
  }

  #finished(runId: string, { outcome, endedAt }: Parameters<Ledger['finish']>[1]): void {
    const known = [...this.#known.values()].find(({ active }) => active?.runId === runId);
    if (known?.active === null || known === undefined) {
      this.fail('ledger-first', 'a run ended that had not begun');
      return;
    }
    if (outcome.kind === 'succeeded') {
      this.counts.successes += 1;
      if (!this.#stored.has(known.active.nonce)) this.fail('evidence', `${known.uuid} succeeded without a snapshot`);
      this.#stored.delete(known.active.nonce);
    } else this.counts.failures += 1;
    end(known, outcome.kind === 'succeeded' ? null : outcome.failure, endedAt);
  }
}
