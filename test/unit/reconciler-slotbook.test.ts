import { type Instant, instantOf } from '../../src/model/brand';
import { latestSlot, nextSlot } from '../../src/model/schedule';
import { type SlotBook, slotBook } from '../../src/reconciler/slotbook';
import { aSchedule } from '../support/desired';
import { at } from '../support/facts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const start = at('2026-11-01T00:00:00Z');
const daily = aSchedule();
const hourly = aSchedule({ text: '@hourly', pattern: '0 0 * * * *' });

const later = (ms: number): Instant => instantOf(start + ms);

/** A book, and what it had to ask the schedule so far. */
function counted(): { readonly book: SlotBook; readonly asked: { next: number; latest: number } } {
  const asked = { next: 0, latest: 0 };
  const book = slotBook({
    nextSlot: (schedule, after) => {
      asked.next += 1;
      return nextSlot(schedule, after);
    },
    latestSlot: (schedule, after, now) => {
      asked.latest += 1;
      return latestSlot(schedule, after, now);
    },
  });
  return { book, asked };
}

describe('a book of slots', () => {
  it('shares what it knows between equal schedules, and not between others', () => {
    const { book, asked } = counted();
    const berlin = { ...daily, timezone: 'Europe/Berlin' };

    expect(book.next({ ...daily }, start)).toBe(later(DAY));
    expect(book.next({ ...daily }, start)).toBe(later(DAY));
    expect(asked.next).toBe(1);
    expect(book.next(berlin, start)).toBe(later(23 * HOUR));
    expect(book.next(hourly, start)).toBe(later(HOUR));
    expect(asked.next).toBe(3);
  });

  it('knows all between two moments that have the same next slot, also where it was asked backward', () => {
    const { book, asked } = counted();
    for (const hours of [20, 2, 10]) expect(book.next(daily, later(hours * HOUR))).toBe(later(DAY));
    expect(asked.next).toBe(2);

    for (let hours = 2; hours < 24; hours += 1) expect(book.next(daily, later(hours * HOUR))).toBe(later(DAY));
    expect(asked.next).toBe(2);
    expect(book.next(daily, later(DAY))).toBe(later(2 * DAY));
    expect(asked.next).toBe(3);
  });

  it('keeps one slot once, however often it was asked for from farther back', () => {
    const { book, asked } = counted();
    book.next(daily, later(DAY));
    for (let minutes = 1000; minutes >= 0; minutes -= 10) book.next(daily, later(minutes * 60_000));
    const before = asked.next;

    expect(book.next(daily, later(DAY))).toBe(later(2 * DAY));
    expect(asked.next).toBe(before);
  });

  it('knows that a schedule has no slot ahead', () => {
    let asked = 0;
    const book = slotBook({ nextSlot: () => ((asked += 1), null), latestSlot });

    expect([0, 1, 2].map((days) => book.next(daily, later(days * DAY)))).toEqual([null, null, null]);
    expect(book.latest(daily, start, later(DAY))).toBeNull();
    expect(asked).toBe(1);
  });

  it('keeps the latest of what it was asked, and asks again for what is long ago', () => {
    const { book, asked } = counted();
    for (let day = 0; day < 40; day += 1) book.next(daily, later(day * DAY));
    expect(asked.next).toBe(40);

    for (let day = 39; day >= 8; day -= 1) book.next(daily, later(day * DAY));
    expect(asked.next).toBe(40);
    expect(book.next(daily, later(7 * DAY))).toBe(later(8 * DAY));
    expect(asked.next).toBe(41);
  });

  it('counts a day of missed slots by what it knows, and searches backward only for more', () => {
    const { book, asked } = counted();

    expect(book.latest(hourly, start, later(24 * HOUR))).toEqual({
      slot: later(24 * HOUR),
      earliest: later(HOUR),
      missed: 24,
    });
    expect(asked.latest).toBe(0);
    expect(book.latest(hourly, start, later(25 * HOUR))).toEqual({
      slot: later(25 * HOUR),
      earliest: later(HOUR),
      missed: 25,
    });
    expect(asked.latest).toBe(1);
  });

  it('searches once for the same missed slots, until one more has come', () => {
    const { book, asked } = counted();
    const missedUntil = (hours: number): number | undefined => book.latest(hourly, start, later(hours * HOUR))?.missed;

    expect([60, 60.5, 60.999].map(missedUntil)).toEqual([60, 60, 60]);
    expect(asked.latest).toBe(1);
    expect([61, 61.5].map(missedUntil)).toEqual([61, 61]);
    expect(asked.latest).toBe(2);
    // A clock that was set back sees the former slots.
    expect(missedUntil(60.5)).toBe(60);
  });

  it('remembers more than one stretch of missed slots of a schedule, but not any number', () => {
    const { book, asked } = counted();
    const now = later(100 * HOUR);
    const ask = (hours: number): number | undefined => book.latest(hourly, later(hours * HOUR), now)?.missed;
    for (let hours = 0; hours < 32; hours += 1) expect(ask(hours)).toBe(100 - hours);
    for (let hours = 0; hours < 32; hours += 1) expect(ask(hours)).toBe(100 - hours);
    expect(asked.latest).toBe(32);

    ask(32);
    ask(0);
    expect(asked.latest).toBe(34);
  });
});
