import { actionIdOf } from '../../src/model/action';
import type { Instant } from '../../src/model/brand';
import type { DesiredDevice } from '../../src/model/policy';
import type { DeviceFacts } from '../../src/model/run';
import { countVerdicts, type Verdict } from '../../src/model/verdict';
import type { DecisionInput } from '../../src/reconciler/decide';
import { DECIDED_AT, decided, known, STORE } from '../support/decision';
import {
  aTarget,
  aDevice,
  aDeviceNotEnabled,
  aProblem,
  aRejectedDevice,
  aUuid,
  anEnabledDevice,
  resolved,
} from '../support/desired';
import { aRun, at, facts } from '../support/facts';

/** `due <slot>`, `held <reason>`, or the kind. */
function words(verdict: Verdict | undefined): string {
  if (verdict?.kind === 'due') {
    const { slot } = verdict.action;
    return slot.kind === 'request' ? `due request:${slot.token}` : `due ${new Date(slot.at).toISOString()}`;
  }
  return verdict?.kind === 'held' ? `held ${verdict.reason}` : (verdict?.kind ?? 'none');
}

interface Row {
  readonly name: string;
  readonly desired?: DesiredDevice;
  readonly facts?: Partial<DeviceFacts>;
  readonly world?: Partial<DecisionInput>;
  readonly expected: string;
}

const asked = anEnabledDevice({ policy: { request: resolved('now-1') } });
const offline = anEnabledDevice({ device: { connected: false } });
const later: Instant = at('2026-11-24T09:00:00Z');
const requestId = actionIdOf(aUuid(1), 'backup', { kind: 'request', token: 'now-1' });
const handled = { handledSlot: at('2026-11-24T00:00:00Z') };

const rows: readonly Row[] = [
  { name: 'never ran, slots passed', expected: 'due 2026-11-24T00:00:00.000Z' },
  { name: 'latest slot handled', facts: handled, expected: 'not-due' },
  { name: 'enabled after the slot', facts: { enabledSince: at('2026-11-24T07:00:00Z') }, expected: 'not-due' },
  {
    name: 'schedule changed after the slot',
    facts: { scheduleSince: at('2026-11-24T07:00:00Z') },
    expected: 'not-due',
  },
  { name: 'not enabled', desired: aDeviceNotEnabled(), expected: 'not-enabled' },
  {
    name: 'rejected',
    desired: { device: aDevice(), desire: { kind: 'rejected', problems: [aProblem()] } },
    expected: 'rejected',
  },
  { name: 'in flight', facts: { active: aRun() }, expected: 'held in-flight' },
  { name: 'backing off', facts: { retryAt: later }, expected: 'held backing-off' },
  { name: 'backoff over at this instant', facts: { retryAt: DECIDED_AT }, expected: 'due 2026-11-24T00:00:00.000Z' },
  { name: 'backing off but asked for', desired: asked, facts: { retryAt: later }, expected: 'due request:now-1' },
  {
    name: 'asked for again, and that try failed',
    desired: asked,
    facts: { retryAt: later, attempts: new Map([[requestId, 1]]) },
    expected: 'held backing-off',
  },
  {
    name: 'asked for, already handled',
    desired: asked,
    facts: { ...handled, handledRequest: 'now-1' },
    expected: 'not-due',
  },
  {
    name: 'target unavailable',
    world: { stores: new Map([[STORE, { kind: 'shut', until: later }]]) },
    expected: 'held target-unavailable',
  },
  {
    name: 'another target unavailable',
    world: { stores: new Map([['b2://other', { kind: 'shut', until: later }]]) },
    expected: 'due 2026-11-24T00:00:00.000Z',
  },
  { name: 'credential refused', world: { ssh: { kind: 'shut', until: later } }, expected: 'held credential-refused' },
  { name: 'API key refused', world: { apiRefused: true }, expected: 'held credential-refused' },
  { name: 'stale API answer', world: { apiStale: true }, expected: 'held api-stale' },
  { name: 'offline', desired: offline, expected: 'held offline' },
  {
    name: 'offline and backing off: the backoff speaks first',
    desired: offline,
    facts: { retryAt: later },
    expected: 'held backing-off',
  },
  {
    name: 'past the starting deadline',
    world: { limits: { maxConcurrentRuns: 10, startingDeadlineMs: 3_600_000 } },
    expected: 'not-due',
  },
  { name: 'no room', world: { limits: { maxConcurrentRuns: 0, startingDeadlineMs: null } }, expected: 'held at-limit' },
  { name: 'no facts yet', world: { facts: new Map() }, expected: 'not-due' },
];

describe('the verdict for one device', () => {
  it.each(rows)('$name -> $expected', (row) => {
    const decision = decided({
      desired: [row.desired ?? anEnabledDevice()],
      facts: known(facts(row.facts)),
      ...row.world,
    });

    expect(words(decision.verdicts[0])).toBe(row.expected);
  });
});

describe('the decision over all devices', () => {
  const fleet = [1, 2, 3].map((n) => anEnabledDevice({ device: { uuid: aUuid(n) } }));
  const factsOf = (n: number, handledSlot: string): DeviceFacts =>
    facts({ device: aUuid(n), handledSlot: at(handledSlot) });

  it('serves a person first, then the longest overdue, and holds the rest at the limit', () => {
    const third = anEnabledDevice({ device: { uuid: aUuid(3) }, policy: { request: resolved('x') } });
    const decision = decided({
      desired: [...fleet.slice(0, 2), third],
      facts: known(
        factsOf(1, '2026-11-22T00:00:00Z'),
        factsOf(2, '2026-11-20T00:00:00Z'),
        factsOf(3, '2026-11-24T00:00:00Z'),
      ),
      limits: { maxConcurrentRuns: 2, startingDeadlineMs: null },
    });

    expect(decision.actions.map(({ device }) => device.uuid)).toEqual([aUuid(3), aUuid(2)]);
    expect(words(decision.verdicts[0])).toBe('held at-limit');
  });

  it('serves those that wait equally long in the order of their UUIDs', () => {
    const decision = decided({
      desired: [...fleet].reverse(),
      facts: known(...[1, 2, 3].map((n) => factsOf(n, '2026-11-20T00:00:00Z'))),
    });

    expect(decision.actions.map(({ device }) => device.uuid)).toEqual([aUuid(1), aUuid(2), aUuid(3)]);
  });

  it('counts a run once, whoever knows of it', () => {
    const decision = decided({
      facts: known(facts(), facts({ device: aUuid(9), active: aRun({ device: aUuid(9) }) })),
      inFlight: new Set([aUuid(9)]),
      limits: { maxConcurrentRuns: 2, startingDeadlineMs: null },
    });

    expect(decision.actions).toHaveLength(1);
  });

  it('counts runs of devices that are no longer enabled against the limit', () => {
    const decision = decided({
      facts: known(facts(), facts({ device: aUuid(9), active: aRun({ device: aUuid(9) }) })),
      limits: { maxConcurrentRuns: 1, startingDeadlineMs: null },
    });

    expect(words(decision.verdicts[0])).toBe('held at-limit');
  });

  it('skips a slot that is past its deadline, with what was missed', () => {
    const { skips } = decided({ limits: { maxConcurrentRuns: 10, startingDeadlineMs: 3_600_000 } });

    expect(skips).toEqual([
      { device: aDevice(), slot: { kind: 'schedule', at: at('2026-11-24T00:00:00Z') }, missed: 23 },
    ]);
  });

  it('skips in the order of UUIDs, and nothing for a device whose run may be of that very slot', () => {
    const { skips } = decided({
      desired: [...fleet].reverse(),
      facts: known(...[1, 2, 3].map((n) => factsOf(n, '2026-11-20T00:00:00Z'))),
      inFlight: new Set([aUuid(2)]),
      limits: { maxConcurrentRuns: 10, startingDeadlineMs: 3_600_000 },
    });

    expect(skips.map(({ device }) => device.uuid)).toEqual([aUuid(1), aUuid(3)]);
  });

  it('numbers attempts at the same action', () => {
    const [first] = decided().actions;
    if (first === undefined) throw new Error('nothing is due');
    const [second] = decided({ facts: known(facts({ attempts: new Map([[first.id, 1]]) })) }).actions;

    expect([first.attempt, second?.attempt]).toEqual([1, 2]);
    expect(first).toMatchObject({ kind: 'backup', device: { uuid: aUuid(1) }, mode: 'auto', target: aTarget() });
    expect(second?.id).toBe(first.id);
  });

  it('is counted by what becomes of the devices', () => {
    const desired = [
      anEnabledDevice(),
      anEnabledDevice({ device: { uuid: aUuid(2), connected: false } }),
      anEnabledDevice({ device: { uuid: aUuid(3) } }),
      aRejectedDevice({ uuid: aUuid(4) }),
      aDeviceNotEnabled({ uuid: aUuid(5) }),
      aDeviceNotEnabled({ uuid: aUuid(6) }),
    ];
    const { verdicts } = decided({
      desired,
      facts: known(facts(), facts({ device: aUuid(2) }), facts({ device: aUuid(3), ...handled })),
    });

    expect(countVerdicts(verdicts)).toEqual({ devices: 6, due: 1, held: 1, notDue: 1, rejected: 1, notEnabled: 2 });
  });
});
