import {
  EMPTY,
  finalize,
  map,
  merge,
  type Observable,
  type SchedulerLike,
  Subject,
  switchMap,
  takeUntil,
  tap,
  timer,
} from 'rxjs';
import type { Instant } from '../model/brand';
import type { Cause } from './fleetview';
import type { PassAnswer } from './pass';
import { exhaustMapThenLatest } from './streams';

export interface LoopOptions<A extends Pick<PassAnswer, 'wakeAt'>> {
  /** What asks for passes: the start, the interval, a signal, the end of a run. Ends the loop when it ends. */
  readonly causes$: Observable<Cause>;
  readonly pass: (cause: Cause) => Observable<A>;
  readonly scheduler: SchedulerLike;
}

/** Longer waits are cut: a timer counts to 24 days only, and a clock that is set meanwhile is noticed. */
const LONGEST_WAIT_MS = 3_600_000;

/** The passes' answers. Each answer says when to look again, and a newer one takes the place of what an older one said. */
export function passes$<A extends Pick<PassAnswer, 'wakeAt'>>({
  causes$,
  pass,
  scheduler,
}: LoopOptions<A>): Observable<A> {
  const answers$ = new Subject<A>();
  const over$ = new Subject<void>();
  const wakes$ = answers$.pipe(
    switchMap(({ wakeAt }) => (wakeAt === null ? EMPTY : timer(waitMs(wakeAt, scheduler.now()), scheduler))),
    map((): Cause => 'wake'),
    // A wake that is still far off must not keep a loop that is to end.
    takeUntil(over$),
  );
  const asked$ = causes$.pipe(
    finalize(() => {
      over$.next();
    }),
  );
  return merge(wakes$, asked$).pipe(
    exhaustMapThenLatest(pass),
    tap((answer) => {
      answers$.next(answer);
    }),
  );
}

function waitMs(at: Instant, now: number): number {
  return Math.min(Math.max(0, at - now), LONGEST_WAIT_MS);
}
