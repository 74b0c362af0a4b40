import type { Observable } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';

type Helpers = Parameters<Parameters<TestScheduler['run']>[0]>[0];

/** Plays marbles in virtual time; one frame is a millisecond. */
export function inVirtualTime(play: (helpers: Helpers, scheduler: TestScheduler) => void): void {
  const scheduler = new TestScheduler((actual, expected) => {
    expect(actual).toEqual(expected);
  });
  scheduler.run((helpers) => {
    play(helpers, scheduler);
  });
}

/** What a stream under test gives, against marbles. */
export function expectStream<T>(
  { expectObservable }: Helpers,
  stream$: Observable<T>,
  marbles: string,
  values?: Readonly<Record<string, T>>,
): void {
  expectObservable(stream$).toBe(marbles, values);
}
