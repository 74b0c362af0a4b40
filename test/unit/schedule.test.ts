import { isLeft } from 'fp-ts/Either';
import { instantOf, type Instant } from '../../src/model/brand';
import type { Schedule } from '../../src/model/policy';
import { latestSlot, nextSlot, parseSchedule } from '../../src/model/schedule';
import { aUuid } from '../support/desired';

function at(iso: string): Instant {
  return instantOf(Date.parse(iso));
}

function schedule(text: string, zone = 'UTC', n = 1): Schedule {
  const parsed = parseSchedule(text, zone, aUuid(n));
  if (isLeft(parsed)) throw new Error(parsed.left);
  return parsed.right;
}

function iso(instant: Instant | null): string | null {
  return instant === null ? null : new Date(instant).toISOString();
}

describe('the slots of a schedule', () => {
  it.each([
    { name: 'strictly after', text: '0 0 * * *', after: '2026-11-24T00:00:00Z', expected: '2026-11-25T00:00:00.000Z' },
    { name: 'just before', text: '0 0 * * *', after: '2026-11-23T23:59:59.999Z', expected: '2026-11-24T00:00:00.000Z' },
    {
      name: 'steps from a start',
      text: '5/15 * * * *',
      after: '2026-11-24T00:05:00Z',
      expected: '2026-11-24T00:20:00.000Z',
    },
    {
      name: 'seconds first',
      text: '*/10 * * * * *',
      after: '2026-11-24T00:00:01Z',
      expected: '2026-11-24T00:00:10.000Z',
    },
    { name: 'weekday 7', text: '0 0 * * 7', after: '2026-11-24T00:00:00Z', expected: '2026-11-29T00:00:00.000Z' },
    { name: '@weekly', text: '@weekly', after: '2026-11-24T00:00:00Z', expected: '2026-11-29T00:00:00.000Z' },
  ])('$name', ({ text, after, expected }) => {
    expect(iso(nextSlot(schedule(text), at(after)))).toBe(expected);
  });

  it('runs a time that the clock skips at the next time that exists', () => {
    const berlin = schedule('30 2 * * *', 'Europe/Berlin');

    expect(iso(nextSlot(berlin, at('2026-03-28T12:00:00Z')))).toBe('2026-03-29T01:00:00.000Z');
  });

  it('runs a time that occurs twice once', () => {
    const berlin = schedule('30 2 * * *', 'Europe/Berlin');
    const first = nextSlot(berlin, at('2026-10-24T12:00:00Z'));

    expect(iso(first)).toBe('2026-10-25T00:30:00.000Z');
    expect(iso(nextSlot(berlin, first ?? at('2026-10-24T12:00:00Z')))).toBe('2026-10-26T01:30:00.000Z');
  });

  it('gives the latest missed slot, counts the others, and includes the slot that is now', () => {
    const daily = schedule('0 0 * * *');
    const overdue = latestSlot(daily, at('2026-11-20T00:00:00Z'), at('2026-11-24T00:00:00Z'));

    expect(iso(overdue?.slot ?? null)).toBe('2026-11-24T00:00:00.000Z');
    expect(iso(overdue?.earliest ?? null)).toBe('2026-11-21T00:00:00.000Z');
    expect(overdue?.missed).toBe(4);
    expect(latestSlot(daily, at('2026-11-24T00:00:00Z'), at('2026-11-24T23:59:59Z'))).toBeNull();
  });

  it.each([
    '',
    '* * * *',
    '* * * * * * *',
    '60 * * * *',
    '0 0 L * *',
    '0 0 30 2 *',
    'H(5-1) * * * *',
    '@never',
    '0 0 * * MON#2',
  ])('refuses %p', (text) => {
    expect(isLeft(parseSchedule(text, 'UTC', aUuid(1)))).toBe(true);
  });

  it('gives a device always the same H, and devices different ones', () => {
    const minutes = new Set(Array.from({ length: 500 }, (_, n) => schedule('H * * * *', 'UTC', n).pattern));

    expect(minutes.size).toBe(60);
    expect(schedule('H H H * *', 'UTC', 3).pattern).toBe(schedule('H H H * *', 'UTC', 3).pattern);
  });
});
