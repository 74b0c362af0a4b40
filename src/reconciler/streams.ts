import {
  defer,
  EMPTY,
  exhaustMap,
  finalize,
  from,
  fromEvent,
  Observable,
  type ObservableInput,
  Subject,
  takeUntil,
  throttle,
} from 'rxjs';

/** The work of a promise as a stream that can be left: leaving it aborts the signal. */
export function fromAbortable<T>(work: (signal: AbortSignal) => Promise<T>): Observable<T> {
  return new Observable((subscriber) => {
    const stop = new AbortController();
    let isOver = false;
    work(stop.signal).then(
      (value) => {
        isOver = true;
        subscriber.next(value);
        subscriber.complete();
      },
      (error: unknown) => {
        subscriber.error(error);
      },
    );
    return () => {
      // To abort what is over would cost more than a pass over a small fleet.
      if (!isOver) stop.abort();
    };
  });
}

/** The stream until the signal is aborted. `AbortSignal.any` would do the same, and keep each of its signals for ever. */
export function untilAborted<T>(signal: AbortSignal, stream$: Observable<T>): Observable<T> {
  return defer(() => (signal.aborted ? EMPTY : stream$.pipe(takeUntil(fromEvent(signal, 'abort')))));
}

/**
 * One at a time, like `exhaustMap`, but what comes meanwhile is not lost: the latest of it has its turn afterwards. A pass
 * that was asked for while another was reading the world must see what has changed since.
 */
export function exhaustMapThenLatest<T, R>(
  project: (value: T) => ObservableInput<R>,
): (source$: Observable<T>) => Observable<R> {
  return (source$) =>
    defer(() => {
      const idle$ = new Subject<void>();
      return source$.pipe(
        throttle(() => idle$, { leading: true, trailing: true }),
        exhaustMap((value) =>
          from(project(value)).pipe(
            finalize(() => {
              idle$.next();
            }),
          ),
        ),
      );
    });
}
