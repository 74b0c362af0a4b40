import { isRight, type Either } from 'fp-ts/Either';
import { instantOf, type Instant } from '../../src/model/brand';
import type { Schedule } from '../../src/model/policy';
import { latestSlot, MISSED_LIMIT, nextSlot, parseSchedule } from '../../src/model/schedule';
import { aUuid } from '../support/desired';

const uuid = aUuid(1);

function scheduleOf(text: string, timezone = 'UTC', device: string = uuid): Schedule {
  const parsed = parseSchedule(text, timezone, device);
  if (isRight(parsed)) return parsed.right;
  throw new Error(parsed.left);
}

function problemOf(parsed: Either<string, Schedule>): string {
  return isRight(parsed) ? `accepted as ${parsed.right.pattern}` : parsed.left;
}

const at = (iso: string): Instant => instantOf(Date.parse(iso));
const isoOf = (instant: Instant | null): string | null => (instant === null ? null : new Date(instant).toISOString());

function slotsFrom(schedule: Schedule, start: string, count: number): readonly (string | null)[] {
  const slots: (string | null)[] = [];
  let after = at(start);
  for (let n = 0; n < count; n++) {
    after = nextSlot(schedule, after) ?? after;
    slots.push(isoOf(after));
  }
  return slots;
}

describe('the grammar of schedules', () => {
  it.each([
    { text: '0 0 * * *', pattern: '0 0 0 * * *' },
    { text: '  0  3\t* * *  ', pattern: '0 0 3 * * *' },
    { text: '30 0 3 * * *', pattern: '30 0 3 * * *' },
    { text: '@hourly', pattern: '0 0 * * * *' },
    { text: '@daily', pattern: '0 0 0 * * *' },
    { text: '@weekly', pattern: '0 0 0 * * 0' },
    { text: '@monthly', pattern: '0 0 0 1 * *' },
    { text: '5/15 * * * *', pattern: '0 5,20,35,50 * * * *' },
    { text: '*/20 * * * *', pattern: '0 0,20,40 * * * *' },
    { text: '10-40/15 * * * *', pattern: '0 10,25,40 * * * *' },
    { text: '0 0,12 * * *', pattern: '0 0 0,12 * * *' },
    { text: '0 12,0,0-2 * * *', pattern: '0 0 0,1,2,12 * * *' },
    { text: '0 0-23 * * *', pattern: '0 0 * * * *' },
    { text: '0 0 * jan,MAR-may *', pattern: '0 0 0 * 1,3,4,5 *' },
    { text: '0 0 * * MON-FRI', pattern: '0 0 0 * * 1,2,3,4,5' },
    { text: '0 0 * * 7', pattern: '0 0 0 * * 0' },
    { text: '0 0 * * 5-7', pattern: '0 0 0 * * 0,5,6' },
    { text: '0 0 * * SAT-SUN', pattern: '0 0 0 * * 0,6' },
    { text: '0 0 * * SUN-TUE', pattern: '0 0 0 * * 0,1,2' },
    { text: '0 0 * * 0-6', pattern: '0 0 0 * * 0,1,2,3,4,5,6' },
    { text: '0 0 * * 0-0', pattern: '0 0 0 * * 0' },
    { text: '0 0 * * 1-0', pattern: '0 0 0 * * 0,1,2,3,4,5,6' },
    { text: '0 0 1-31 * 1', pattern: `0 0 0 ${Array.from({ length: 31 }, (_, n) => n + 1).join(',')} * 1` },
    { text: '0 0 */1 * */1', pattern: '0 0 0 * * *' },
    { text: '0 0 29 2 *', pattern: '0 0 0 29 2 *' },
  ])('$text is read as $pattern', ({ text, pattern }) => {
    expect(scheduleOf(text)).toEqual({ text, pattern, timezone: 'UTC' });
  });

  it.each([
    { text: '', says: 'has 0 fields' },
    { text: '* * * *', says: 'has 4 fields' },
    { text: '0 0 0 * * * 2030', says: 'has 7 fields' },
    { text: '@yearly', says: 'write @hourly, @daily, @weekly, @monthly or 5 fields' },
    { text: '@dayly', says: 'did you mean @daily?' },
    { text: '@reboot', says: '"@reboot" is not supported' },
    { text: '0 0 L * *', says: 'L (last) is not supported' },
    { text: '0 0 15W * *', says: 'W (nearest weekday) is not supported' },
    { text: '0 0 LW * *', says: 'L (last) is not supported' },
    { text: '0 0 * * 5#2', says: '# (n-th weekday) is not supported' },
    { text: '0 0 * * FRI#2', says: '# (n-th weekday) is not supported' },
    { text: '0 0 * * 5L', says: 'L (last) is not supported' },
    { text: '0 0 ? * *', says: '? is not supported; write *' },
    { text: 'h h * * *', says: 'the hashed value is a capital H' },
    { text: '60 * * * *', says: 'the minute field "60": 60 is out of range; write 0 to 59' },
    { text: '0 24 * * *', says: '24 is out of range' },
    { text: '0 0 0 * *', says: '0 is out of range; write 1 to 31' },
    { text: '0 0 * 13 *', says: '13 is out of range' },
    { text: '0 0 * * 8', says: '8 is out of range; write 0 to 7' },
    { text: '0 0 * * MONDAY', says: 'did you mean MON?' },
    { text: '0 0 * * MNO', says: 'did you mean MON?' },
    { text: '0 0 * * XYZZY', says: 'is not a weekday; write SUN, MON' },
    { text: '0 MON * * *', says: '"MON" is not a value' },
    { text: '0 0 * * FRI-MON', says: 'runs backwards; write two ranges' },
    { text: '50-10 * * * *', says: 'runs backwards' },
    { text: '1,,2 * * * *', says: 'a value is missing beside a comma' },
    { text: '1-2-3 * * * *', says: '"1-2-3" is not a range' },
    { text: '-5 * * * *', says: 'a value is missing' },
    { text: '5- * * * *', says: 'a value is missing' },
    { text: '/5 * * * *', says: 'a value is missing' },
    { text: '*/0 * * * *', says: '"0" is not a step' },
    { text: '*/x * * * *', says: '"x" is not a step' },
    { text: '*/x5 * * * *', says: '"x5" is not a step' },
    { text: '*/5x * * * *', says: '"5x" is not a step' },
    { text: '*/100 * * * *', says: '"100" is not a step; write a whole number from 1' },
    { text: '10-20/12 * * * *', says: 'the step 12 is longer than what it steps through (11)' },
    { text: '5-0 * * * *', says: 'runs backwards' },
    { text: 'xH(1-5) * * * *', says: 'is not' },
    { text: 'H(1-5)x * * * *', says: 'is not' },
    { text: '0 0 * * 1MON', says: '"1MON" is not a value' },
    { text: '0 0 * * XLW', says: '"XLW" is not a weekday' },
    { text: '0 0 * * LWX', says: '"LWX" is not a weekday' },
    { text: '0 0 * * W', says: 'W (nearest weekday) is not supported' },
    { text: '0 0 * * LW', says: 'L (last) is not supported' },
    { text: 'y'.repeat(256), says: 'has 1 fields' },
    { text: '*/61 * * * *', says: 'the step 61 is longer than' },
    { text: '*/5/5 * * * *', says: 'has two steps' },
    { text: 'H(1) * * * *', says: '"1" is not a range; write for example 0-59' },
    { text: 'H(50-70) * * * *', says: '70 is out of range' },
    { text: 'H(9-3) * * * *', says: 'runs backwards' },
    { text: 'H(0-5)/7 * * * *', says: 'the step 7 is longer than' },
    { text: '0 0 H(1-31) * *', says: 'not every month has more; write H(1-28)' },
    { text: 'H5 * * * *', says: '"H5" is not a value' },
    { text: '1e1 * * * *', says: '"1e1" is not a value' },
    { text: '+5 * * * *', says: '"+5" is not a value' },
    { text: '0 0 30 2 *', says: 'does not come within 8 years' },
    { text: '0 0 31 4,6 *', says: 'does not come within 8 years' },
    { text: 'x'.repeat(300), says: 'longer than 256 characters' },
    { text: '\u0007 * * * *', says: '\\u{7}' },
  ])('$text is refused', ({ text, says }) => {
    expect(problemOf(parseSchedule(text, 'UTC', uuid))).toContain(says);
  });
});

describe('H', () => {
  it('gives one device the same value each time and another device another', () => {
    const patterns = [1, 1, 2].map((n) => scheduleOf('H H * * *', 'UTC', aUuid(n)).pattern);

    expect(patterns[0]).toBe(patterns[1]);
    expect(patterns[0]).not.toBe(patterns[2]);
  });

  it('is the SHA-256 of uuid and field, so that it never moves between versions', () => {
    expect(scheduleOf('H H H H H', 'UTC', '0'.repeat(32)).pattern).toBe('0 37 0 26 1 5');
  });

  it.each([
    { text: 'H(10-14) * * * *', field: 1, allowed: [10, 11, 12, 13, 14] },
    { text: 'H H(0-3) * * *', field: 2, allowed: [0, 1, 2, 3] },
    { text: '0 0 * * H(6-7)', field: 5, allowed: [0, 6] },
    { text: '0 0 * H(JAN-MAR) *', field: 4, allowed: [1, 2, 3] },
  ])('$text stays within its range and reaches all of it', ({ text, field, allowed }) => {
    const seen = new Set<number>();

    for (let n = 0; n < 200; n++) seen.add(Number(scheduleOf(text, 'UTC', aUuid(n)).pattern.split(' ')[field]));

    expect([...seen].sort((a, b) => a - b)).toEqual(allowed);
  });

  it.each([
    { text: 'H/15 * * * *', first: 15, count: 4, step: 15 },
    { text: 'H(30-59)/10 * * * *', first: 40, count: 3, step: 10 },
    { text: 'H(10-54)/15 * * * *', first: 25, count: 3, step: 15 },
  ])('$text starts within the first step, anywhere in it', ({ text, first, count, step }) => {
    const starts = new Set<number>();
    for (let n = 0; n < 300; n++) {
      const values = (scheduleOf(text, 'UTC', aUuid(n)).pattern.split(' ')[1] ?? '').split(',').map(Number);

      starts.add(values[0] ?? NaN);
      expect(values).toEqual(Array.from({ length: count }, (_, i) => (values[0] ?? NaN) + i * step));
    }

    expect([...starts].sort((a, b) => a - b)).toEqual(Array.from({ length: step }, (_, i) => first - step + i));
  });
});

describe('slots', () => {
  const daily = scheduleOf('0 3 * * *');

  it('the next slot is strictly after', () => {
    expect(isoOf(nextSlot(daily, at('2026-01-01T02:59:59.999Z')))).toBe('2026-01-01T03:00:00.000Z');
    expect(isoOf(nextSlot(daily, at('2026-01-01T03:00:00.000Z')))).toBe('2026-01-02T03:00:00.000Z');
  });

  it.each([
    { name: 'just before the slot', after: '2026-01-01T03:00:00Z', now: '2026-01-02T02:59:59.999Z', slot: null },
    {
      name: 'at the slot',
      after: '2026-01-01T03:00:00Z',
      now: '2026-01-02T03:00:00Z',
      slot: '2026-01-02T03:00:00.000Z',
    },
    {
      name: 'a moment later',
      after: '2026-01-01T03:00:00Z',
      now: '2026-01-02T03:00:00.001Z',
      slot: '2026-01-02T03:00:00.000Z',
    },
    { name: 'the slot itself is handled', after: '2026-01-02T03:00:00Z', now: '2026-01-02T03:00:00Z', slot: null },
    { name: 'the clock stepped back', after: '2026-01-02T03:00:00Z', now: '2026-01-01T00:00:00Z', slot: null },
  ])('$name: the latest slot is $slot', ({ after, now, slot }) => {
    expect(isoOf(latestSlot(daily, at(after), at(now))?.slot ?? null)).toBe(slot);
  });

  it('several missed slots collapse into the latest, which knows the first and how many', () => {
    const overdue = latestSlot(daily, at('2026-01-01T12:00:00Z'), at('2026-01-05T12:00:00Z'));

    expect(overdue).toEqual({ slot: at('2026-01-05T03:00:00Z'), earliest: at('2026-01-02T03:00:00Z'), missed: 4 });
  });

  it.each([9, 10, 11, 50, MISSED_LIMIT - 1, MISSED_LIMIT])('counts %d slots exactly', (count) => {
    const after = at('2026-01-01T12:00:00Z');
    const now = instantOf(after + count * 86_400_000);

    expect(latestSlot(daily, after, now)?.missed).toBe(count);
  });

  it('stops counting where the number says nothing more', () => {
    const overdue = latestSlot(scheduleOf('* * * * * *'), at('2020-01-01T00:00:00Z'), at('2026-01-01T00:00:00Z'));

    expect(overdue?.missed).toBe(MISSED_LIMIT);
    expect(isoOf(overdue?.earliest ?? null)).toBe('2020-01-01T00:00:01.000Z');
  });

  it('a day of the month and a weekday together mean either, unless one of them is *', () => {
    expect(slotsFrom(scheduleOf('0 0 1-31 * 1'), '2026-01-01T00:00:00Z', 2)).toEqual([
      '2026-01-02T00:00:00.000Z',
      '2026-01-03T00:00:00.000Z',
    ]);
    expect(slotsFrom(scheduleOf('0 0 * * 1'), '2026-01-01T00:00:00Z', 2)).toEqual([
      '2026-01-05T00:00:00.000Z',
      '2026-01-12T00:00:00.000Z',
    ]);
  });

  it('answers the same whatever was asked before', () => {
    const forward = ['01', '02', '03'].map((day) => nextSlot(daily, at(`2026-02-${day}T04:00:00Z`)));
    const backward = ['03', '02', '01'].map((day) => nextSlot(daily, at(`2026-02-${day}T04:00:00Z`)));

    expect(backward.reverse()).toEqual(forward);
  });
});

describe('daylight saving (Europe/Berlin)', () => {
  it('a local time that the clock skips runs at the next time that exists, once', () => {
    expect(slotsFrom(scheduleOf('30 2 * * *', 'Europe/Berlin'), '2026-03-28T12:00:00Z', 2)).toEqual([
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ]);
  });

  it('a local time that occurs twice runs once', () => {
    expect(slotsFrom(scheduleOf('30 2 * * *', 'Europe/Berlin'), '2026-10-24T12:00:00Z', 2)).toEqual([
      '2026-10-25T00:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
    ]);
  });

  it('every second hour keeps its run when that hour is skipped', () => {
    expect(slotsFrom(scheduleOf('0 */2 * * *', 'Europe/Berlin'), '2026-03-28T23:30:00Z', 2)).toEqual([
      '2026-03-29T01:00:00.000Z',
      '2026-03-29T02:00:00.000Z',
    ]);
  });

  it('an hourly schedule has a run in each real hour of the long night', () => {
    expect(slotsFrom(scheduleOf('@hourly', 'Europe/Berlin'), '2026-10-24T23:30:00Z', 3)).toEqual([
      '2026-10-25T00:00:00.000Z',
      '2026-10-25T01:00:00.000Z',
      '2026-10-25T02:00:00.000Z',
    ]);
  });

  it('the latest slot agrees in the night of the change', () => {
    const schedule = scheduleOf('30 2 * * *', 'Europe/Berlin');

    expect(isoOf(latestSlot(schedule, at('2026-03-28T12:00:00Z'), at('2026-03-29T01:00:00Z'))?.slot ?? null)).toBe(
      '2026-03-29T01:00:00.000Z',
    );
    expect(latestSlot(schedule, at('2026-10-25T00:30:00Z'), at('2026-10-25T01:45:00Z'))).toBeNull();
  });
});
