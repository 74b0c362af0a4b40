import type { Instant } from '../model/brand';
import type { EventSink } from '../model/event';
import type { Ledger } from '../model/ports';
import { slotText } from '../model/slot';
import { countVerdicts } from '../model/verdict';
import { runOf, type Work, workOf } from './work';
import type { Decision } from './decide';
import { earliest } from './earliest';
import { refOf } from './ending';
import type { Cause, FleetReader } from './fleetview';
import { createLook, type Look, type LookTools } from './look';
import { NOTHING_TOLD, reportOf, type Told } from './report';

export interface PassTools extends LookTools {
  readonly fleet: Pick<FleetReader, 'view'>;
  readonly ledger: Pick<Ledger, 'see' | 'facts' | 'active' | 'remaining' | 'skip'>;
  readonly emit: EventSink;
}

/** What a pass found to do, and when to look again if nothing new comes. */
export interface PassAnswer {
  readonly work: readonly Work[];
  readonly wakeAt: Instant | null;
}

export type Pass = (cause: Cause, signal: AbortSignal) => Promise<PassAnswer>;

/** Passes over the fleet, one after another: each compares what is asked for with what is, and says what to do. */
export function createPass(tools: PassTools): Pass {
  const passes = new Passes(tools);
  return (cause, signal) => passes.make(cause, signal);
}

class Passes {
  readonly #tools: PassTools;
  readonly #look: ReturnType<typeof createLook>;
  #forgiveUntil: Instant;
  #told: Told = NOTHING_TOLD;

  public constructor(tools: PassTools) {
    this.#tools = tools;
    this.#look = createLook(tools);
    this.#forgiveUntil = tools.clock.now();
  }

  public async make(cause: Cause, signal: AbortSignal): Promise<PassAnswer> {
    const { clock, emit, fleet } = this.#tools;
    const begunAt = clock.now();
    // A person who asks for a pass has put something right: shared trouble is tried again at once.
    // And a clock that has been set back must not have forgiven what is yet to come.
    if (cause === 'signal' || this.#forgiveUntil > begunAt) this.#forgiveUntil = begunAt;
    emit({ event: 'reconcile.started', cause });
    const { devices, isStale, isRefused, retryAt } = await fleet.view(cause, begunAt, signal);
    if (devices === null) return { work: [], wakeAt: retryAt };
    const look = this.#look({ devices, isStale, isRefused }, this.#forgiveUntil);
    const { decision, adoption } = look;
    this.#skip(decision.skips);
    this.#report(look);
    const wakeAt = earliest([decision.wakeAt, adoption.wakeAt, retryAt]);
    emit({
      event: 'reconcile.finished',
      cause,
      ...countVerdicts(decision.verdicts),
      durationMs: clock.now() - begunAt,
      wakeAt,
    });
    for (const action of decision.actions) emit({ event: 'run.planned', run: refOf(runOf(action)) });
    return { work: workOf(decision, adoption), wakeAt };
  }

  #skip(skips: Decision['skips']): void {
    const { ledger, emit } = this.#tools;
    for (const { device, slot, missed } of skips) {
      ledger.skip(device.uuid, slot);
      const ref = { uuid: device.uuid, name: device.name };
      emit({ event: 'slot.missed', device: ref, slot: slotText(slot), count: missed });
    }
  }

  #report({ input, decision: { verdicts } }: Look): void {
    const { events, told } = reportOf(this.#told, { ...input, verdicts });
    this.#told = told;
    for (const event of events) this.#tools.emit(event);
  }
}
