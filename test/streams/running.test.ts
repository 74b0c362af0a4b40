import { asyncScheduler, Subject } from 'rxjs';
import type { Work } from '../../src/reconciler/work';
import type { Cause } from '../../src/reconciler/fleetview';
import type { PassAnswer } from '../../src/reconciler/pass';
import { running$ } from '../../src/reconciler/running';
import { anAction } from '../support/conductor';
import { aDevice, aUuid } from '../support/desired';

interface Scene {
  /** Why each pass was made, in order. */
  readonly causes: Cause[];
  /** Ends the n-th run on its device. */
  readonly endRun: (n: number) => void;
  readonly begun: Work[];
  readonly signals$: Subject<unknown>;
  readonly stop$: Subject<unknown>;
  readonly stopSignal: AbortController;
  readonly isOver: () => boolean;
  /** What each pass was given to notice that it is to be given up. */
  readonly given: AbortSignal[];
}

const work = (n: number): Work => ({
  kind: 'start',
  action: anAction({ device: aDevice({ uuid: aUuid(n) }) }),
});
const finds = (...numbers: readonly number[]): PassAnswer => ({ work: numbers.map(work), wakeAt: null });

/** Passes every minute, the first of which finds this, over runs that go on until the test ends them; at most two at once. */
function scene(first: Promise<PassAnswer> = Promise.resolve(finds())): Scene {
  const ends: (() => void)[] = [];
  let isOver = false;
  const all: Scene = {
    causes: [],
    begun: [],
    given: [],
    endRun: (n) => ends[n - 1]?.(),
    signals$: new Subject(),
    stop$: new Subject(),
    stopSignal: new AbortController(),
    isOver: () => isOver,
  };
  running$({
    conductor: {
      conduct: (each) => {
        all.begun.push(each);
        return new Promise((resolve) => {
          ends.push(resolve);
        });
      },
    },
    pass: (cause, signal) => {
      all.causes.push(cause);
      all.given.push(signal);
      return all.causes.length === 1 ? first : Promise.resolve(finds());
    },
    signals$: all.signals$,
    stop$: all.stop$,
    stopSignal: all.stopSignal.signal,
    intervalMs: 60_000,
    maxConcurrentRuns: 2,
    scheduler: asyncScheduler,
  }).subscribe({
    complete: () => {
      isOver = true;
    },
  });
  return all;
}

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

/** Lets so much time go by, and all come to its end that ends within it. */
async function pass(ms: number): Promise<void> {
  await jest.advanceTimersByTimeAsync(ms);
}

describe('a controller that runs', () => {
  it('looks at the start, at each interval, and when a person asks', async () => {
    const { causes, signals$, stop$ } = scene();
    await pass(0);
    expect(causes).toEqual(['start']);
    await pass(60_000);
    signals$.next(null);
    await pass(60_000);
    stop$.next(null);

    expect(causes).toEqual(['start', 'interval', 'signal', 'interval']);
  });

  it('has the work of its passes done, as much at once as it may', async () => {
    const { begun, endRun, stop$ } = scene(Promise.resolve(finds(1, 2, 3)));
    await pass(0);
    expect(begun).toEqual([work(1), work(2)]);

    endRun(1);
    await pass(0);
    expect(begun).toEqual([work(1), work(2), work(3)]);
    stop$.next(null);
  });

  it('looks again as soon as a run has ended, but not for each of many that end together', async () => {
    const { causes, endRun, stop$ } = scene(Promise.resolve(finds(1, 2)));
    await pass(0);
    endRun(1);
    await pass(10);
    expect(causes).toEqual(['start', 'run-ended']);

    endRun(2);
    await pass(400);
    expect(causes).toEqual(['start', 'run-ended']);
    await pass(100);
    expect(causes).toEqual(['start', 'run-ended', 'run-ended']);
    stop$.next(null);
  });

  it('that is to stop looks no more, and ends when all work has been put down', async () => {
    const { causes, endRun, stop$, isOver } = scene(Promise.resolve(finds(1)));
    await pass(0);
    stop$.next(null);
    await pass(120_000);
    expect(causes).toEqual(['start']);
    expect(isOver()).toBe(false);

    endRun(1);
    await pass(0);
    expect(isOver()).toBe(true);
  });

  it('gives up the pass that is under way when it is told to be quick', async () => {
    const { given, stop$, stopSignal, isOver } = scene(new Promise(() => undefined));
    await pass(0);
    stop$.next(null);
    await pass(0);
    expect(isOver()).toBe(false);

    stopSignal.abort();
    expect(given.map(({ aborted }) => aborted)).toEqual([true]);
    expect(isOver()).toBe(true);
  });
});
