import { isLeft } from 'fp-ts/Either';
import { type Instant, instantOf } from '../model/brand';
import type { Device } from '../model/device';
import type { EventSink } from '../model/event';
import type { Failure } from '../model/failure';
import type { FleetApi } from '../model/ports';
import { sameList, sharerWith } from '../model/sharing';
import { LONGEST_API_PAUSE_MS, STALE_AFTER_MS } from './limits';

/** Why a pass is made. */
export type Cause = 'start' | 'interval' | 'signal' | 'wake' | 'run-ended';

export interface FleetViewTools {
  readonly api: Pick<FleetApi, 'readDevices'>;
  /** Sees to it that the account knows our key; asked after each reading until it has succeeded. */
  readonly register: (signal: AbortSignal) => Promise<Failure | null>;
  readonly emit: EventSink;
  readonly intervalMs: number;
}

/** What the API last said of the fleet, and how old and how sure that is. */
export interface FleetView {
  /** Null before the first answer. */
  readonly devices: readonly Device[] | null;
  readonly isStale: boolean;
  /** Whether the API refuses our credential. */
  readonly isRefused: boolean;
  /** The next reading is not before this, after one that failed. */
  readonly retryAt: Instant | null;
}

/**
 * Reads the fleet where the pass's cause asks for it: at the start, at each interval, and when a person wants it. A pass
 * that only a slot or the end of a run has called decides by the last answer, so a busy fleet costs the API nothing more.
 */
export class FleetReader {
  readonly #tools: FleetViewTools;
  #devices: readonly Device[] | null = null;
  #readAt: Instant | null = null;
  #failure: Failure | null = null;
  #retryAt: Instant | null = null;
  #unreadable = '';

  public constructor(tools: FleetViewTools) {
    this.#tools = tools;
  }

  public async view(cause: Cause, now: Instant, signal: AbortSignal): Promise<FleetView> {
    if (this.#isDue(cause, now)) await this.#read(now, signal);
    return {
      devices: this.#devices,
      isStale: this.#isStale(now),
      isRefused: this.#failure?.kind === 'auth-rejected',
      retryAt: this.#retryAt,
    };
  }

  #isDue(cause: Cause, now: Instant): boolean {
    if (cause === 'signal') return true;
    if (this.#isPaused(now)) return false;
    // With an interval that is longer than answers are good for, a slot in between needs a reading of its own.
    return cause === 'interval' || this.#failure !== null || this.#isStale(now);
  }

  /** A pause that is longer than any we grant was granted by a clock that has been set back since. */
  #isPaused(now: Instant): boolean {
    return this.#retryAt !== null && now < this.#retryAt && this.#retryAt <= now + this.#longestPauseMs();
  }

  #longestPauseMs(): number {
    return Math.max(LONGEST_API_PAUSE_MS, this.#tools.intervalMs);
  }

  #isStale(now: Instant): boolean {
    // An answer from the future was got by a clock that has been set back since.
    return this.#readAt === null || now - this.#readAt > STALE_AFTER_MS || this.#readAt > now;
  }

  async #read(now: Instant, signal: AbortSignal): Promise<void> {
    const before = this.#devices ?? [];
    const reading = await this.#tools.api.readDevices(signal, sharerWith(before));
    if (isLeft(reading)) {
      this.#fail(reading.left, now);
      return;
    }
    this.#devices = sameList(before, reading.right.devices);
    this.#readAt = now;
    this.#tellUnreadable(reading.right.unreadable);
    const failure = await this.#tools.register(signal);
    if (failure !== null) this.#fail(failure, now);
    else this.#succeed();
  }

  #succeed(): void {
    if (this.#failure?.kind === 'auth-rejected') this.#tools.emit({ event: 'credential.recovered', who: 'api' });
    this.#failure = null;
    this.#retryAt = null;
  }

  #fail(failure: Failure, now: Instant): void {
    if (failure.kind === 'cancelled') return;
    const isNews = this.#failure?.kind !== failure.kind;
    const waitMs = failure.kind === 'api-unavailable' ? (failure.retryAfterMs ?? 0) : 0;
    this.#failure = failure;
    this.#retryAt = instantOf(now + Math.min(Math.max(waitMs, this.#tools.intervalMs), this.#longestPauseMs()));
    if (failure.kind === 'auth-rejected' && isNews) {
      this.#tools.emit({ event: 'credential.refused', who: 'api', failure });
    }
    this.#tools.emit({ event: 'reconcile.failed', failure, retryAt: this.#retryAt });
  }

  /** The same rows are not told at every reading. */
  #tellUnreadable(rows: readonly { readonly what: string; readonly problem: string }[]): void {
    const key = JSON.stringify(rows);
    if (key !== this.#unreadable) {
      for (const row of rows) this.#tools.emit({ event: 'fleet.row.rejected', ...row });
    }
    this.#unreadable = key;
  }
}
