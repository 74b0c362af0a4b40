import { VirtualAction, VirtualTimeScheduler } from 'rxjs';
import { type Instant, instantOf } from '../../../src/model/brand';

interface Appointment {
  readonly at: number;
  readonly order: number;
  readonly work: () => void;
}

/**
 * One queue for rxjs' timers and the world's own events. Timers count true time, as the machine's do; `now()` is what
 * the machine's clock says, and that can be wrong by `clockErrorMs`.
 */
export class VirtualTime extends VirtualTimeScheduler {
  public clockErrorMs = 0;
  readonly #heap: Appointment[] = [];
  #order = 0;

  public constructor(startAt: number) {
    super(VirtualAction);
    this.frame = startAt;
    this.now = () => this.frame + this.clockErrorMs;
  }

  /** True time. */
  public get trueMs(): number {
    return this.frame;
  }

  public clock(): Instant {
    return instantOf(this.now());
  }

  public after(ms: number, work: () => void): void {
    this.#order += 1;
    push(this.#heap, { at: this.frame + Math.max(0, Math.round(ms)), order: this.#order, work });
  }

  /** As `after`, and gives what takes it back. */
  public timer(ms: number, work: () => void): () => void {
    let isWanted = true;
    this.after(ms, () => {
      if (isWanted) work();
    });
    return () => {
      isWanted = false;
    };
  }

  public sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve);
    });
  }

  /** Goes from event to event, and has `check` look at the world after each, when everything has settled. */
  public async run(untilMs: number, check: () => void): Promise<void> {
    while (this.#step(untilMs)) {
      await settled();
      check();
    }
    this.frame = Math.max(this.frame, untilMs);
  }

  #step(untilMs: number): boolean {
    const [mine] = this.#heap;
    const [theirs] = this.actions;
    if (theirs !== undefined && theirs.delay <= (mine?.at ?? Number.POSITIVE_INFINITY)) {
      if (theirs.delay > untilMs) return false;
      this.actions.shift();
      this.frame = theirs.delay;
      const error: unknown = theirs.execute(theirs.state, theirs.delay);
      if (error !== undefined) throw error instanceof Error ? error : new Error('a timer failed');
      return true;
    }
    if (mine === undefined || mine.at > untilMs) return false;
    pop(this.#heap);
    this.frame = mine.at;
    mine.work();
    return true;
  }
}

/** All that an event has set off is done: a tick comes when no promise has anything left to do, without a turn of the event loop. */
async function settled(): Promise<void> {
  // Asked for by a promise's work, else it would come before that of others.
  await Promise.resolve();
  await new Promise<void>((resolve) => {
    process.nextTick(resolve);
  });
}

function isBefore(a: Appointment, b: Appointment): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

function push(heap: Appointment[], added: Appointment): void {
  let at = heap.length;
  heap.push(added);
  while (at > 0) {
    const above = (at - 1) >> 1;
    const parent = heap[above];
    if (parent === undefined || !isBefore(added, parent)) break;
    heap[at] = parent;
    at = above;
  }
  heap[at] = added;
}

function pop(heap: Appointment[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    const left = 2 * at + 1;
    const [a, b] = [heap[left], heap[left + 1]];
    if (a === undefined) break;
    const [child, below] = b !== undefined && isBefore(b, a) ? [b, left + 1] : [a, left];
    if (!isBefore(child, last)) break;
    heap[at] = child;
    at = below;
  }
  heap[at] = last;
}
