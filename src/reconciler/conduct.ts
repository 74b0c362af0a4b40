import type { Action } from '../model/action';
import { assertNever } from '../model/assertnever';
import { type DeviceUuid, type Instant, instantOf, type RunId } from '../model/brand';
import type { EventSink } from '../model/event';
import type { Adopter, Executors, Ledger, RunContext, RunEnding } from '../model/ports';
import type { Outcome, RunOwner } from '../model/run';
import { lostAtOf } from './adoption';
import { type Clearing, createClearing } from './clearing';
import { defectOf, refOf, tellEnding } from './ending';
import { endingOf } from './disposition';
import { ADOPT_PAUSE_MS, CLEARED_WITHIN_MS, type Clock, LEASE_MS, LOST_AFTER_MS } from './limits';
import { type Followed, followedOf } from './followed';
import type { Timer } from './patience';
import { runOf, type Work } from './work';

export interface ConductTools {
  readonly ledger: Pick<
    Ledger,
    | 'begin'
    | 'takeOver'
    | 'renew'
    | 'release'
    | 'advance'
    | 'finish'
    | 'endedNonces'
    | 'lastSuccessOf'
    | 'failuresOf'
    | 'leave'
  >;
  readonly executors: Executors;
  readonly adopter: Adopter;
  readonly owner: RunOwner;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly emit: EventSink;
  readonly runTimeoutMs: number;
  /** 0 to 1. */
  readonly random: () => number;
  /** Unguessable, 32 hexadecimal digits. */
  readonly nonce: () => string;
}

/** Looks after the runs of this process: from their first line in the ledger to the last. */
export interface Conductor {
  /**
   * Settles when the work is over for this process; rejects only when the ledger fails. The run is in the ledger before
   * this returns, so that the next pass sees it.
   */
  conduct(work: Work): Promise<void>;
  /** The runs that this process follows now, with their devices: also those whose result is known and whose container is not gone yet. */
  followed(): ReadonlyMap<RunId, DeviceUuid>;
  /** The devices of those whose result is known from before: only their containers are still to be removed. */
  clearing(): ReadonlySet<DeviceUuid>;
  /** Renews the leases; a run that another process has taken over is left to it. */
  renew(): void;
  /** Ends every run on its device, as a person wants it; nothing is begun any more. */
  cancel(): void;
  /** Leaves every run going on its device; one whose result is known is brought to its end. */
  stop(): void;
}

const SILENT =
  'its device kept the link open and said nothing until an hour after its time limit; its engine may hang: if this comes again, restart the device';

/** How many of the latest runs may still have their container in the way: one, unless ledgers were lost. */
const FORGOTTEN_RUNS = 5;

export function createConductor(tools: ConductTools): Conductor {
  return new RunConductor(tools);
}

class RunConductor implements Conductor {
  readonly #tools: ConductTools;
  readonly #followed = new Map<RunId, Followed>();
  readonly #clearing: Clearing;
  #isStopping = false;

  public constructor(tools: ConductTools) {
    this.#tools = tools;
    this.#clearing = createClearing(tools);
  }

  public async conduct(work: Work): Promise<void> {
    if (this.#isStopping) return;
    switch (work.kind) {
      case 'start':
        return this.#start(work);
      case 'adopt':
        return this.#adopt(work);
      case 'lose':
        this.#lose(work);
        return;
      default:
        assertNever(work);
    }
  }

  public followed(): ReadonlyMap<RunId, DeviceUuid> {
    const followed = [...this.#followed].map(([runId, { run }]) => [runId, run.device.uuid] as const);
    return new Map([...followed, ...this.#clearing.devices()]);
  }

  public clearing(): ReadonlySet<DeviceUuid> {
    return new Set([...this.#clearing.devices()].map(([, device]) => device));
  }

  public renew(): void {
    if (this.#followed.size === 0) return;
    const held = this.#tools.ledger.renew(this.#tools.owner, this.#leaseUntil());
    for (const [runId, { stop, isEnded }] of this.#followed) if (!held.has(runId) && !isEnded) stop.abort();
  }

  public cancel(): void {
    this.#isStopping = true;
    for (const { cancel } of this.#followed.values()) cancel.abort();
    this.#clearing.stop();
  }

  public stop(): void {
    this.#isStopping = true;
    for (const { stop, isEnded } of this.#followed.values()) if (!isEnded) stop.abort();
    this.#clearing.stop();
  }

  async #start({ action }: Extract<Work, { readonly kind: 'start' }>): Promise<void> {
    const { ledger, owner, clock, nonce, emit, timer } = this.#tools;
    const record = { ...runOf(action), nonce: nonce(), place: action.target.place, startedAt: clock.now() };
    if (!ledger.begin(record, owner, this.#leaseUntil())) return;
    const run = refOf(record);
    emit({ event: 'run.started', run, adopted: false, process: null });
    await this.#follow(followedOf(run, record, timer), (context) => executed(this.#tools.executors, action, context));
  }

  async #adopt({ run: record, device }: Extract<Work, { readonly kind: 'adopt' }>): Promise<void> {
    const { ledger, owner, clock, adopter, emit, timer } = this.#tools;
    if (this.#followed.has(record.runId)) return;
    if (record.outcome !== null) return this.#clearing.clear(record, device);
    if (!ledger.takeOver(record.runId, owner, clock.now(), this.#leaseUntil())) return;
    const run = refOf(record);
    emit({ event: 'run.started', run, adopted: true, process: null });
    await this.#follow(followedOf(run, record, timer), (context) => adopter(record, device, context));
  }

  /** Nothing more can come of it: the device has stayed away for longer than the run can have lasted. */
  #lose({ run: record }: Extract<Work, { readonly kind: 'lose' }>): void {
    const { ledger, owner, clock, timer } = this.#tools;
    // Whoever ends a run owns it: by that others know who tells of it.
    if (!ledger.takeOver(record.runId, owner, clock.now(), this.#leaseUntil())) return;
    const followed = followedOf(refOf(record), record, timer);
    const detail = 'the device has not been reached since its time limit passed';
    this.#commit(followed, { kind: 'failed', failure: { kind: 'run-lost', detail }, tail: [] });
  }

  async #follow(followed: Followed, work: (context: RunContext) => Promise<Outcome>): Promise<void> {
    followed.patience.begin(this.#tools.runTimeoutMs + LOST_AFTER_MS);
    this.#followed.set(followed.record.runId, followed);
    try {
      const outcome = await work(this.#contextOf(followed)).catch(defectOf);
      if (outcome.kind === 'detached') this.#detach(followed, outcome.reason);
      // The executor has committed already where the device waits for it.
      else this.#commit(followed, outcome);
    } finally {
      followed.patience.end();
      this.#followed.delete(followed.record.runId);
    }
  }

  #contextOf(followed: Followed): RunContext {
    const { runId, nonce, startedAt } = followed.record;
    const { ledger, emit, clock } = this.#tools;
    return {
      runId,
      nonce,
      startedAt,
      lastSuccess: ledger.lastSuccessOf(followed.run.device.uuid),
      signal: followed.stop.signal,
      cancelled: followed.cancel.signal,
      forget: ledger.endedNonces(followed.run.device.uuid, FORGOTTEN_RUNS),
      emit,
      advance: (phase) => {
        ledger.advance(runId, phase, clock.now());
      },
      commit: (outcome) => {
        followed.patience.begin(CLEARED_WITHIN_MS);
        return this.#commit(followed, outcome);
      },
      removed: () => {
        ledger.leave(runId, null);
      },
    };
  }

  #commit(followed: Followed, outcome: RunEnding['outcome']): boolean {
    const { ledger, clock, random } = this.#tools;
    const { run, record } = followed;
    // As they are now: a change of the policy while it went on has forgiven them.
    const failures = ledger.failuresOf(run.device.uuid);
    const ending = endingOf({ outcome, slot: record.slot, failures, now: clock.now(), random: random() });
    if (!ledger.finish(record.runId, ending)) return false;
    followed.isEnded = true;
    tellEnding({ run, startedAt: record.startedAt, failures, process: null }, ending, this.#tools.emit);
    return true;
  }

  #detach(followed: Followed, reason: 'link-lost' | 'shutdown'): void {
    const { ledger, owner, clock, emit, runTimeoutMs } = this.#tools;
    const { record, run, isOverdue } = followed;
    const now = clock.now();
    if (isOverdue || (reason === 'link-lost' && now >= lostAtOf(record, runTimeoutMs, now))) {
      const detail = isOverdue ? SILENT : 'its device cannot be reached';
      this.#commit(followed, { kind: 'failed', failure: { kind: 'run-lost', detail }, tail: [] });
      return;
    }
    const freeAt = reason === 'shutdown' ? now : instantOf(now + ADOPT_PAUSE_MS);
    const wasOurs = ledger.release(record.runId, owner, freeAt);
    emit({ event: 'run.detached', run, reason: wasOurs ? reason : 'taken-over' });
  }

  #leaseUntil(): Instant {
    return instantOf(this.#tools.clock.now() + LEASE_MS);
  }
}

function executed(executors: Executors, action: Action, context: RunContext): Promise<Outcome> {
  switch (action.kind) {
    case 'backup':
      return executors.backup(action, context);
    case 'execute':
      return executors.execute(action, context);
    case 'survey':
      return executors.survey(action, context);
    case 'restore':
      return executors.restore(action, context);
    default:
      return assertNever(action);
  }
}
