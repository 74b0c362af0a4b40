import fc from 'fast-check';
import { instantOf } from '../../src/model/brand';
import { latestSlot, nextSlot } from '../../src/model/schedule';
import { slotBook } from '../../src/reconciler/slotbook';
import { aSchedule } from '../support/desired';

const SCHEDULES = ['0 0 0 * * *', '0 30 2 * * *', '0 15 * * * *', '0 0 0 1 * *', '0 0 12 * * 1'].flatMap((pattern) =>
  ['UTC', 'Europe/Berlin'].map((timezone) => aSchedule({ pattern, timezone })),
);
const START = Date.UTC(2026, 2, 1);

const questions = fc.array(
  fc.record({
    schedule: fc.constantFrom(...SCHEDULES),
    after: fc.integer({ min: 0, max: 60 * 24 * 60 }).map((minutes) => instantOf(START + minutes * 60_000)),
    passedMs: fc.oneof(fc.integer({ min: 0, max: 3_600_000 }), fc.integer({ min: 0, max: 40 * 86_400_000 })),
  }),
  { maxLength: 60 },
);

describe('a book of slots', () => {
  it('says what the schedule says, whatever it was asked before', () => {
    fc.assert(
      fc.property(questions, (asked) => {
        const book = slotBook();
        for (const { schedule, after, passedMs } of asked) {
          const now = instantOf(after + passedMs);

          expect(book.next(schedule, after)).toBe(nextSlot(schedule, after));
          expect(book.latest(schedule, after, now)).toEqual(latestSlot(schedule, after, now));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('asks the schedule once for what it knows', () => {
    let calls = 0;
    const book = slotBook({
      nextSlot: (schedule, after) => {
        calls += 1;
        return nextSlot(schedule, after);
      },
      latestSlot,
    });
    const [schedule] = SCHEDULES;
    if (schedule === undefined) throw new Error('there are some');
    for (let minutes = 0; minutes < 600; minutes += 1)
      book.next({ ...schedule }, instantOf(START + 1 + minutes * 60_000));

    expect(calls).toBe(1);
  });
});
