import { concatMap, from, mergeMap, type Observable } from 'rxjs';
import type { PassAnswer } from './pass';
import type { Work } from './conduct';

/**
 * Has the work of every pass done, at most `limit` at once, in the order in which the passes found it. `conduct` is asked
 * for a piece of work as soon as there is room; it deals with failures itself, so an error here is a defect and ends all.
 */
export function dispatched$<T>(
  answers$: Observable<Pick<PassAnswer, 'work'>>,
  conduct: (work: Work) => Observable<T>,
  limit: number,
): Observable<T> {
  return answers$.pipe(
    concatMap(({ work }) => from(work)),
    mergeMap(conduct, limit),
  );
}
