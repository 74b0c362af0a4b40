import { getEventListeners } from 'node:events';
import { lastValueFrom, map, type Observable, of, switchMap, timer } from 'rxjs';
import { type Instant, instantOf } from '../../src/model/brand';
import type { Cause } from '../../src/reconciler/fleetview';
import { passes$ } from '../../src/reconciler/loop';
import { exhaustMapThenLatest, fromAbortable, untilAborted } from '../../src/reconciler/streams';
import { expectStream, inVirtualTime } from '../support/streams';

interface Answer {
  readonly cause: Cause;
  readonly wakeAt: Instant | null;
}

/** A pass that takes so long and wants to be woken so long after its end. */
function pass(durationMs: number, wakes: readonly (number | null)[]): (cause: Cause) => Observable<Answer> {
  let calls = 0;
  return (cause) => {
    const wakeAt = wakes[calls] ?? null;
    calls += 1;
    return timer(durationMs).pipe(map(() => ({ cause, wakeAt: wakeAt === null ? null : instantOf(wakeAt) })));
  };
}

const causes: Readonly<Record<string, Cause>> = { s: 'start', i: 'interval', h: 'signal', r: 'run-ended' };
const answers = (wakeAt: number | null = null): Readonly<Record<string, Answer>> =>
  Object.fromEntries(
    [...Object.entries(causes), ['w', 'wake'] as const].map(([key, cause]) => [
      key,
      { cause, wakeAt: wakeAt === null ? null : instantOf(wakeAt) },
    ]),
  );

describe('the loop', () => {
  it.each([
    { name: 'one cause after another -> a pass each', in: 's---i---|', ms: 2, out: '--s---i-|' },
    {
      name: 'causes during a pass -> one more pass, for the latest of them',
      in: 'sihr-----|',
      ms: 3,
      out: '---s--r--|',
    },
    { name: 'a cause at the end of a pass -> a pass of its own', in: 's--i-----|', ms: 3, out: '---s--i--|' },
    { name: 'ends while a pass is under way -> the pass is finished', in: 's|', ms: 3, out: '---(s|)' },
  ])('$name', ({ in: marbles, ms, out }) => {
    inVirtualTime((helpers, scheduler) => {
      const causes$ = helpers.hot(marbles, causes);
      expectStream(helpers, passes$({ causes$, pass: pass(ms, []), scheduler }), out, answers());
    });
  });

  it('wakes at the instant that the last answer named', () => {
    inVirtualTime((helpers, scheduler) => {
      const causes$ = helpers.hot('s---------|', causes);
      const stream$ = passes$({ causes$, pass: pass(1, [5, null]), scheduler });
      expectStream(helpers, stream$, '-s----w---|', {
        s: { cause: 'start', wakeAt: instantOf(5) },
        w: { cause: 'wake', wakeAt: null },
      });
    });
  });

  it('forgets a wake that a newer answer no longer names', () => {
    inVirtualTime((helpers, scheduler) => {
      const causes$ = helpers.hot('s--i-------|', causes);
      const stream$ = passes$({ causes$, pass: pass(1, [8, null]), scheduler });
      expectStream(helpers, stream$, '-s--i------|', {
        s: { cause: 'start', wakeAt: instantOf(8) },
        i: { cause: 'interval', wakeAt: null },
      });
    });
  });

  it('a wake that is overdue comes at once, and one that is far off does not keep the loop from ending', () => {
    inVirtualTime((helpers, scheduler) => {
      const causes$ = helpers.hot('s----|', causes);
      const stream$ = passes$({ causes$, pass: pass(2, [1, 100_000_000_000]), scheduler });
      expectStream(helpers, stream$, '--s-w|', {
        s: { cause: 'start', wakeAt: instantOf(1) },
        w: { cause: 'wake', wakeAt: instantOf(100_000_000_000) },
      });
    });
  });

  it('looks again after an hour where the wake is further off than a timer counts', () => {
    inVirtualTime((helpers, scheduler) => {
      const causes$ = helpers.hot('s 3600001ms |', causes);
      const stream$ = passes$({ causes$, pass: pass(0, [100_000_000_000, null]), scheduler });
      expectStream(helpers, stream$, 's 3599999ms w-|', {
        s: { cause: 'start', wakeAt: instantOf(100_000_000_000) },
        w: { cause: 'wake', wakeAt: null },
      });
    });
  });

  it('a pass that fails is a defect and ends the loop', () => {
    inVirtualTime((helpers, scheduler) => {
      const causes$ = helpers.hot('s----', causes);
      const stream$ = passes$({ causes$, pass: () => helpers.cold<Answer>('--#'), scheduler });
      expectStream(helpers, stream$, '--#');
    });
  });
});

describe('exhaustMapThenLatest', () => {
  it('gives up what it does when it is left', () => {
    inVirtualTime((helpers) => {
      const inner$ = helpers.cold('-----a|');
      const stream$ = helpers.hot('x----').pipe(exhaustMapThenLatest(() => inner$));
      helpers.expectObservable(stream$, '---!').toBe('----');
      helpers.expectSubscriptions(inner$.subscriptions).toBe('^--!');
    });
  });
});

describe('untilAborted', () => {
  it('gives up the stream when the signal is aborted, and does not begin it afterwards', () => {
    inVirtualTime((helpers) => {
      const stop = new AbortController();
      const stream$ = helpers.cold('-a-b-c');
      helpers.cold('--x').subscribe(() => {
        stop.abort();
      });
      expectStream(helpers, untilAborted(stop.signal, stream$), '-a|');
      expectStream(helpers, helpers.cold('---x').pipe(switchMap(() => untilAborted(stop.signal, stream$))), '----');
    });
  });

  it('leaves nothing at the signal when the stream has ended', () => {
    const stop = new AbortController();
    for (let n = 0; n < 10; n += 1) untilAborted(stop.signal, of(n)).subscribe();

    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
  });
});

describe('fromAbortable', () => {
  it('aborts the work when it is left, and gives its value otherwise', async () => {
    let aborted = false;
    const left = fromAbortable((signal) => {
      signal.addEventListener('abort', () => {
        aborted = true;
      });
      return new Promise(() => undefined);
    }).subscribe();
    left.unsubscribe();

    expect(aborted).toBe(true);
    await expect(
      new Promise((resolve, reject) => {
        fromAbortable(() => Promise.resolve('value')).subscribe({ next: resolve, error: reject });
      }),
    ).resolves.toBe('value');
  });

  it('ends with the work, whose signal is never aborted then, and fails with it', async () => {
    const signals: AbortSignal[] = [];
    const keep = (result: Promise<string>) => (signal: AbortSignal) => {
      signals.push(signal);
      return result;
    };

    await expect(lastValueFrom(fromAbortable(keep(Promise.resolve('value'))))).resolves.toBe('value');
    await expect(lastValueFrom(fromAbortable(keep(Promise.reject(new Error('oh')))))).rejects.toThrow('oh');
    expect(signals[0]?.aborted).toBe(false);
  });
});
