import {
  defer,
  interval,
  map,
  merge,
  type Observable,
  of,
  type SchedulerLike,
  Subject,
  takeUntil,
  tap,
  throttleTime,
} from 'rxjs';
import type { Conductor } from './conduct';
import type { Work } from './work';
import { dispatched$ } from './dispatch';
import type { Cause } from './fleetview';
import { passes$ } from './loop';
import type { Pass } from './pass';
import { fromAbortable, untilAborted } from './streams';

export interface Running {
  readonly conductor: Pick<Conductor, 'conduct'>;
  readonly pass: Pass;
  /** A person asks for a pass. */
  readonly signals$: Observable<unknown>;
  readonly stop$: Observable<unknown>;
  readonly stopSignal: AbortSignal;
  readonly intervalMs: number;
  readonly maxConcurrentRuns: number;
  readonly scheduler: SchedulerLike;
}

/** A fleet whose runs end every few milliseconds must not spend its time on passes. */
const PAUSE_AFTER_RUN_MS = 500;

/** Passes and the work that they find. Ends after `stop$`, when all work has been put down. */
export function running$({ conductor, pass, stopSignal, scheduler, ...rest }: Running): Observable<unknown> {
  const ended$ = new Subject<Cause>();
  const causes$ = merge(
    of<Cause>('start'),
    interval(rest.intervalMs, scheduler).pipe(map((): Cause => 'interval')),
    rest.signals$.pipe(map((): Cause => 'signal')),
    ended$.pipe(throttleTime(PAUSE_AFTER_RUN_MS, scheduler, { leading: true, trailing: true })),
  ).pipe(takeUntil(rest.stop$));
  const answers$ = passes$({
    causes$,
    pass: (cause) =>
      untilAborted(
        stopSignal,
        fromAbortable((signal) => pass(cause, signal)),
      ),
    scheduler,
  });
  const conducted$ = (work: Work): Observable<void> =>
    defer(() => conductor.conduct(work)).pipe(
      tap(() => {
        ended$.next('run-ended');
      }),
    );
  return dispatched$(answers$, conducted$, rest.maxConcurrentRuns);
}
