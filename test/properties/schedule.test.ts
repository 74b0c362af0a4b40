import fc from 'fast-check';
import { isRight } from 'fp-ts/Either';
import { instantOf } from '../../src/model/brand';
import { hashed } from '../../src/model/hashfield';
import type { Schedule } from '../../src/model/policy';
import { latestSlot, MISSED_LIMIT, nextSlot, parseSchedule } from '../../src/model/schedule';
import { aUuid } from '../support/desired';

const uuids = fc.integer({ min: 0, max: 0xfff_ffff }).map(aUuid);

function field(min: number, max: number): fc.Arbitrary<string> {
  const value = fc.integer({ min, max });
  const range = fc.tuple(value, value).map(([a, b]) => `${String(Math.min(a, b))}-${String(Math.max(a, b))}`);
  const step = fc.integer({ min: 1, max: max - min + 1 });
  const item = fc.oneof(
    fc.constant('*'),
    fc.constant('H'),
    value.map(String),
    range,
    range.map((text) => `H(${text})`),
    step.map((n) => `*/${String(n)}`),
  );
  return fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => items.join(','));
}

const schedules: fc.Arbitrary<Schedule> = fc
  .tuple(
    fc.tuple(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 6)),
    fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata'),
    uuids,
  )
  .map(([fields, timezone, uuid]) => {
    const parsed = parseSchedule(fields.join(' '), timezone, uuid);
    if (isRight(parsed)) return parsed.right;
    throw new Error(parsed.left);
  });

const instants = fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2040, 0) }).map(instantOf);

describe('schedules', () => {
  it('never throw, whatever the text is', () => {
    const text = fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom(...Array.from('0123456789*/-,HL#?W() @')), { maxLength: 20 }).map((c) => c.join('')),
    );
    fc.assert(fc.property(text, uuids, (given, uuid) => typeof parseSchedule(given, 'UTC', uuid)._tag === 'string'));
  });

  it('the latest slot up to now is the last that walking forward meets', () => {
    fc.assert(
      fc.property(
        schedules,
        instants,
        fc.integer({ min: 0, max: 20 }),
        fc.integer({ min: 0, max: 999 }),
        (schedule, after, steps, extra) => {
          const walked = [];
          for (
            let slot = nextSlot(schedule, after);
            slot !== null && walked.length < steps;
            slot = nextSlot(schedule, slot)
          )
            walked.push(slot);
          const now = instantOf((walked.at(-1) ?? after) + (walked.length > 0 ? extra : 0));

          const overdue = latestSlot(schedule, after, now);

          expect(overdue).toEqual(
            walked.length === 0
              ? null
              : { slot: walked.at(-1), earliest: walked[0], missed: Math.min(walked.length, MISSED_LIMIT) },
          );
        },
      ),
    );
  });

  it('slots grow, and are whole seconds', () => {
    fc.assert(
      fc.property(schedules, instants, (schedule, after) => {
        const slot = nextSlot(schedule, after);

        expect(slot === null || (slot > after && slot % 1000 === 0)).toBe(true);
      }),
    );
  });
});

describe('more schedules than are remembered', () => {
  const scheduleOf = (text: string): Schedule => {
    const parsed = parseSchedule(text, 'UTC', aUuid(1));
    if (isRight(parsed)) return parsed.right;
    throw new Error(parsed.left);
  };

  it('have their answers all the same', () => {
    const new2026 = instantOf(Date.UTC(2026, 0));
    const first = nextSlot(scheduleOf('H H * * *'), new2026);

    for (let n = 0; n < 5100; n++) {
      const [minute, hour, day, month] = [n % 60, Math.floor(n / 60) % 24, (n % 7) + 1, (n % 11) + 1].map(String);
      scheduleOf([minute, hour, day, month, '*'].join(' '));
    }

    expect(nextSlot(scheduleOf('H H * * *'), new2026)).toBe(first);
  });
});

describe('H over 100,000 devices', () => {
  const devices = Array.from({ length: 100_000 }, (_, n) => aUuid(n));

  it.each([
    { name: 'minutes', index: 1, from: 0, to: 59 },
    { name: 'hours', index: 2, from: 0, to: 23 },
    { name: 'days', index: 3, from: 1, to: 28 },
  ])('spreads $name evenly', ({ index, from, to }) => {
    const counts = new Map<number, number>();

    for (const uuid of devices) {
      const value = hashed(uuid, index, from, to);
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }

    const mean = devices.length / (to - from + 1);
    expect(counts.size).toBe(to - from + 1);
    for (const count of counts.values()) expect(Math.abs(count - mean) / mean).toBeLessThan(0.12);
  });

  it('gives each field its own value: minute and hour do not follow one another', () => {
    const pairs = new Set(devices.map((uuid) => hashed(uuid, 1, 0, 59) * 24 + hashed(uuid, 2, 0, 23)));

    expect(pairs.size).toBe(60 * 24);
  });
});
