import type { Policy } from '../../src/model/policy';
import type { DeviceFacts } from '../../src/model/run';
import { backoffMs, retryAtOf } from '../../src/reconciler/backoff';
import { baselineOf, type Due, dueOf } from '../../src/reconciler/due';
import { slotBook } from '../../src/reconciler/slotbook';
import { aPolicy, resolved } from '../support/desired';
import { at, facts } from '../support/facts';

interface Case {
  readonly facts?: Partial<DeviceFacts> | null;
  readonly policy?: Partial<Policy>;
  readonly now?: string;
  readonly deadlineMs?: number | null;
}

function due({ facts: over = {}, policy = {}, now = '2026-11-24T08:00:00Z', deadlineMs = null }: Case = {}): Due {
  return dueOf({
    policy: aPolicy(policy),
    facts: over === null ? null : facts(over),
    now: at(now),
    startingDeadlineMs: deadlineMs,
    slots: slotBook(),
  });
}

/** The verdict in a few words: slots as days of November, since the schedule of the tests is midnight UTC. */
function words(answer: Due): string {
  const day = (instant: number | null): string =>
    instant === null ? '-' : new Date(instant).toISOString().slice(8, 16);
  switch (answer.kind) {
    case 'due': {
      const slot =
        answer.slot.kind === 'request' ? answer.slot.token : day(answer.slot.kind === 'schedule' ? answer.slot.at : 0);
      return `due ${slot} since ${day(answer.dueSince)} until ${day(answer.expiresAt)}`;
    }
    case 'expired':
      return `expired, missed ${String(answer.missed)}, next ${day(answer.nextSlot)}`;
    case 'none':
      return `none, next ${day(answer.nextSlot)}`;
  }
}

const HOUR = 3_600_000;
const today = { handledSlot: at('2026-11-24T00:00:00Z') };
const asked = { request: resolved('token') };

describe('what is due', () => {
  it.each<Case & { name: string; is: string }>([
    {
      name: 'a slot since the last handled one',
      facts: { handledSlot: at('2026-11-23T00:00:00Z') },
      is: 'due 24T00:00 since 24T00:00 until -',
    },
    {
      name: 'many slots -> one run for the latest, waiting since the first',
      facts: { handledSlot: at('2026-11-20T00:00:00Z') },
      is: 'due 24T00:00 since 21T00:00 until -',
    },
    { name: 'never ran -> since it was enabled', is: 'due 24T00:00 since 02T00:00 until -' },
    { name: 'handled -> the next slot', facts: today, is: 'none, next 25T00:00' },
    {
      name: 'the very instant of the slot',
      facts: today,
      now: '2026-11-25T00:00:00Z',
      is: 'due 25T00:00 since 25T00:00 until -',
    },
    { name: 'a millisecond before', facts: today, now: '2026-11-24T23:59:59.999Z', is: 'none, next 25T00:00' },
    {
      name: 'enabled after the slot -> nothing to make up for',
      facts: { enabledSince: at('2026-11-24T06:00:00Z') },
      is: 'none, next 25T00:00',
    },
    {
      name: 'enabled again after a slot that was missed before',
      facts: { enabledSince: at('2026-11-24T06:00:00Z'), handledSlot: at('2026-11-20T00:00:00Z') },
      is: 'none, next 25T00:00',
    },
    {
      name: 'another schedule or zone since the slot',
      facts: { scheduleSince: at('2026-11-24T06:00:00Z') },
      is: 'none, next 25T00:00',
    },
    { name: 'a device that no pass has recorded', facts: null, is: 'none, next 25T00:00' },
    {
      name: 'the clock was set back to before the handled slot',
      facts: today,
      now: '2026-11-22T08:00:00Z',
      is: 'none, next 25T00:00',
    },
  ])('$name: $is', ({ is, ...given }) => {
    expect(words(due(given))).toBe(is);
  });
});

describe('the starting deadline', () => {
  it.each<Case & { name: string; is: string }>([
    {
      name: 'leaves a slot that is as late as it allows',
      deadlineMs: 8 * HOUR,
      is: 'due 24T00:00 since 02T00:00 until 24T08:00',
    },
    {
      name: 'skips one that is a millisecond later',
      deadlineMs: 8 * HOUR - 1,
      is: 'expired, missed 23, next 25T00:00',
    },
    {
      name: 'is about the latest slot, not the first that was missed',
      facts: { handledSlot: at('2026-11-20T00:00:00Z') },
      deadlineMs: 24 * HOUR,
      is: 'due 24T00:00 since 21T00:00 until 25T00:00',
    },
    {
      name: 'says how many it skips',
      facts: { handledSlot: at('2026-11-20T00:00:00Z') },
      deadlineMs: HOUR,
      is: 'expired, missed 4, next 25T00:00',
    },
    { name: 'is no matter to a request', policy: asked, deadlineMs: 1, is: 'due token since 24T08:00 until -' },
  ])('$name: $is', ({ is, ...given }) => {
    expect(words(due(given))).toBe(is);
  });
});

describe('a request', () => {
  it.each<Case & { name: string; is: string }>([
    { name: 'goes before the schedule', policy: asked, is: 'due token since 24T08:00 until -' },
    { name: 'needs no slot', policy: asked, facts: today, is: 'due token since 24T08:00 until -' },
    {
      name: 'that is handled is not made again',
      policy: asked,
      facts: { ...today, handledRequest: 'token' },
      is: 'none, next 25T00:00',
    },
    {
      name: 'with another token is a new one',
      policy: asked,
      facts: { ...today, handledRequest: 'former' },
      is: 'due token since 24T08:00 until -',
    },
    {
      name: 'that was taken back asks for nothing',
      facts: { ...today, handledRequest: 'former' },
      is: 'none, next 25T00:00',
    },
    {
      name: 'that was there when the device was first seen counts as handled',
      policy: asked,
      facts: null,
      is: 'none, next 25T00:00',
    },
  ])('$name: $is', ({ is, ...given }) => {
    expect(words(due(given))).toBe(is);
  });
});

describe('the baseline', () => {
  it('is the latest of what is known, and being enabled where nothing is handled', () => {
    const [early, middle, late] = ['2026-11-01T00:00:00Z', '2026-11-02T00:00:00Z', '2026-11-03T00:00:00Z'].map(at);
    if (early === undefined || middle === undefined || late === undefined) throw new Error('there are three');
    const of = (handledSlot: typeof early | null, enabledSince: typeof early, scheduleSince: typeof early): number =>
      baselineOf(facts({ handledSlot, enabledSince, scheduleSince }));

    expect([of(late, early, middle), of(early, late, middle), of(early, middle, late)]).toEqual([late, late, late]);
    expect(of(null, middle, early)).toBe(middle);
  });
});

describe('backoff', () => {
  it('doubles from a minute to six hours, with its upper half left to chance', () => {
    const minutes = (random: number): readonly number[] =>
      [0, 1, 2, 3, 9, 10, 50].map((n) => backoffMs(n, random) / 60_000);

    expect(minutes(1)).toEqual([1, 1, 2, 4, 256, 360, 360]);
    expect(minutes(0)).toEqual([0.5, 0.5, 1, 2, 128, 180, 180]);
    expect(backoffMs(1, 0.5)).toBe(45_000);
  });

  it('counts from now', () => {
    expect(retryAtOf(2, at('2026-11-24T08:00:00Z'), 1)).toBe(at('2026-11-24T08:02:00Z'));
  });
});
