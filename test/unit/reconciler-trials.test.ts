import { type Instant, instantOf } from '../../src/model/brand';
import type { DesiredDevice } from '../../src/model/policy';
import type { Gate } from '../../src/reconciler/breaker';
import type { DecisionInput } from '../../src/reconciler/decide';
import { anEnabledDevice, aTarget, aUuid, resolved } from '../support/desired';
import { DECIDED_AT, decided, known, STORE } from '../support/decision';
import { at, facts } from '../support/facts';

const OTHER = 'b2://bucket';
const single: Gate = { kind: 'single' };
const HOUR = 3_600_000;

/** What is decided for devices of these places, all of them due since the same slot: one word each. */
function decisions(places: readonly string[], world: Partial<DecisionInput>): readonly string[] {
  const fleet = places.map((place, n) =>
    anEnabledDevice({ device: { uuid: aUuid(n) }, policy: { target: resolved(aTarget({ place })) } }),
  );
  const { verdicts } = decided({
    desired: fleet,
    facts: known(...fleet.map(({ device }) => facts({ device: device.uuid }))),
    ...world,
  });
  return verdicts.map((verdict) => (verdict.kind === 'held' ? verdict.reason : verdict.kind));
}

describe('what is on trial', () => {
  const here = `${STORE}/backups`;
  const there = `${OTHER}/backups`;
  const onDisk = 'file:/backups';

  it.each<{ name: string; places: readonly string[]; world: Partial<DecisionInput>; are: readonly string[] }>([
    {
      name: 'a target is tried by one device',
      places: [here, here, here],
      world: { stores: new Map([[STORE, single]]) },
      are: ['due', 'target-unavailable', 'target-unavailable'],
    },
    {
      name: 'a target on trial is no matter of another',
      places: [here, there, there, onDisk],
      world: { stores: new Map([[STORE, single]]) },
      are: ['due', 'due', 'due', 'due'],
    },
    {
      name: 'two targets are tried by one device each',
      places: [here, there, here, there],
      world: {
        stores: new Map([
          [STORE, single],
          [OTHER, single],
        ]),
      },
      are: ['due', 'due', 'target-unavailable', 'target-unavailable'],
    },
    {
      name: 'the SSH key is tried by one device, whatever its target',
      places: [onDisk, here, there],
      world: { ssh: single },
      are: ['due', 'credential-refused', 'credential-refused'],
    },
    {
      name: 'a device that waits for the trial of the key has not taken that of its target',
      places: [onDisk, here, here],
      world: { ssh: single, stores: new Map([[STORE, single]]) },
      are: ['due', 'credential-refused', 'credential-refused'],
    },
    {
      name: 'nothing is on trial where all is open',
      places: [here, here],
      world: { stores: new Map([[STORE, { kind: 'open' }]]) },
      are: ['due', 'due'],
    },
    {
      name: 'the limit speaks before the trial',
      places: [here, here],
      world: { stores: new Map([[STORE, single]]), limits: { maxConcurrentRuns: 1, startingDeadlineMs: null } },
      are: ['due', 'at-limit'],
    },
  ])('$name', ({ places, world, are }) => {
    expect(decisions(places, world)).toEqual(are);
  });
});

describe('when to look again', () => {
  const handled = facts({ handledSlot: at('2026-11-24T00:00:00Z') });
  const soon: Instant = at('2026-11-24T08:30:00Z');
  const later: Instant = at('2026-11-24T09:00:00Z');
  const late: Instant = at('2026-11-24T10:00:00Z');
  const midnight = at('2026-11-25T00:00:00Z');
  const shut = (until: Instant): Partial<DecisionInput> => ({
    stores: new Map([[STORE, { kind: 'shut', until }]]),
  });
  /** The slot of midnight expires a millisecond after this. */
  const deadlineUntil = (until: Instant): Partial<DecisionInput> => ({
    limits: { maxConcurrentRuns: 10, startingDeadlineMs: until - at('2026-11-24T00:00:00Z') },
  });
  const offline: readonly DesiredDevice[] = [anEnabledDevice({ device: { connected: false } })];
  const second = anEnabledDevice({ device: { uuid: aUuid(2) } });

  it.each<{ name: string; world: Partial<DecisionInput>; at: Instant | null }>([
    { name: 'at the next slot', world: { facts: known(handled) }, at: midnight },
    { name: 'when the backoff is over', world: { facts: known(facts({ retryAt: later })) }, at: later },
    { name: 'when the target is tried again', world: shut(later), at: later },
    { name: 'when the key is tried again', world: { ssh: { kind: 'shut', until: later } }, at: later },
    { name: 'not by itself while it is offline', world: { desired: offline }, at: null },
    {
      name: 'when the slot of one that is offline is past its deadline',
      world: { desired: offline, ...deadlineUntil(later) },
      at: instantOf(later + 1),
    },
    {
      name: 'when the slot of one that has no room is past its deadline',
      world: { limits: { maxConcurrentRuns: 0, startingDeadlineMs: 9 * HOUR } },
      at: instantOf(later + 1),
    },
    {
      name: 'at the end of the wait where that is before the deadline',
      world: { ...shut(soon), ...deadlineUntil(later) },
      at: soon,
    },
    {
      name: 'at the deadline where that is before the end of the wait',
      world: { ...shut(late), ...deadlineUntil(later) },
      at: instantOf(later + 1),
    },
    {
      name: 'at the first of what several devices wait for',
      world: {
        desired: [anEnabledDevice(), second],
        facts: known(facts({ retryAt: late }), facts({ device: aUuid(2), retryAt: soon })),
      },
      at: soon,
    },
    {
      name: 'at the first of them, in whatever order they come',
      world: {
        desired: [second, anEnabledDevice()],
        facts: known(facts({ retryAt: late }), facts({ device: aUuid(2), retryAt: soon })),
      },
      at: soon,
    },
    { name: 'never at a moment that is past', world: shut(at('2026-11-24T07:00:00Z')), at: null },
    { name: 'never at this very moment', world: shut(DECIDED_AT), at: null },
  ])('$name', ({ world, at: expected }) => {
    expect(decided(world).wakeAt).toBe(expected);
  });
});
