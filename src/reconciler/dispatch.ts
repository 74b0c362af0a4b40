import { concatMap, connect, filter, from, merge, mergeMap, type Observable } from 'rxjs';
import type { PassAnswer } from './pass';
import type { Work } from './work';

/**
 * Has the work of every pass done, in the order in which the passes found it: runs are started at most `limit` at once, each
 * as soon as there is room, and those that are on their devices already are looked after at once. `conduct` deals with
 * failures itself, so an error here is a defect and ends all.
 */
export function dispatched$<T>(
  answers$: Observable<Pick<PassAnswer, 'work'>>,
  conduct: (work: Work) => Observable<T>,
  limit: number,
): Observable<T> {
  return answers$.pipe(
    concatMap(({ work }) => from(work)),
    connect((work$) =>
      merge(
        work$.pipe(
          filter(({ kind }) => kind !== 'start'),
          mergeMap((work) => conduct(work)),
        ),
        work$.pipe(
          filter(({ kind }) => kind === 'start'),
          mergeMap((work) => conduct(work), limit),
        ),
      ),
    ),
  );
}
