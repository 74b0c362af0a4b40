import { actionIdOf } from '../../src/model/action';
import type { Explanation } from '../../src/model/explanation';
import type { DesiredDevice } from '../../src/model/policy';
import type { DeviceFacts } from '../../src/model/run';
import { decide, type DecisionInput } from '../../src/reconciler/decide';
import { answersOf, explanationOf } from '../../src/reconciler/explain';
import { aDeviceNotEnabled, anEnabledDevice, aProblem, aRejectedDevice, aUuid, resolved } from '../support/desired';
import { anInput, DECIDED_AT, STORE } from '../support/decision';
import { aFailedRun, aRun, at, ended, facts } from '../support/facts';

const later = at('2026-11-24T09:00:00Z');
const unreachable = { kind: 'device-unreachable', phase: 'connect', detail: 'refused' } as const;
const failing = { failures: 2, last: ended(aFailedRun(unreachable)) };
const handled = { handledSlot: at('2026-11-24T00:00:00Z') };

interface Row {
  readonly name: string;
  readonly desired?: DesiredDevice;
  readonly facts?: Partial<DeviceFacts>;
  readonly world?: Partial<DecisionInput>;
  /** The guard that decides, or `due`. */
  readonly decides: string;
  readonly words: RegExp;
  readonly because?: RegExp;
  readonly advice: RegExp;
}

function explained({ desired = anEnabledDevice(), facts: known, world }: Partial<Row>): Explanation {
  const input = anInput({ desired: [desired], facts: new Map([[aUuid(1), facts(known)]]), ...world });
  return explanationOf(desired, { input, decision: decide(input) });
}

const asked = anEnabledDevice({ policy: { request: resolved('now-1') } });

const rows: readonly Row[] = [
  { name: 'due', decides: 'due', words: /^starts a backup for the slot of 2026-11-24T00:00:00Z$/, advice: /next pass/ },
  { name: 'asked for', desired: asked, decides: 'due', words: /for the request "now-1"$/, advice: /^Nothing/ },
  {
    name: 'not due',
    facts: handled,
    decides: 'nothing-due',
    words: /next slot, 2026-11-25T00:00:00Z/,
    because: /the last slot, of 2026-11-24T00:00:00Z, is dealt with/,
    advice: /backupRequest/,
  },
  {
    name: 'not due after a failure for good',
    facts: { ...handled, failures: 1, last: ended(aFailedRun({ kind: 'volumes-none' })) },
    decides: 'nothing-due',
    words: /^its last run failed; waits for its next slot, 2026-11-25T00:00:00Z$/,
    advice: /^The device has no volume of its fleet.*\. It is tried again at its next slot\. To have a backup before/,
  },
  {
    name: 'new, so that it waits for its next slot',
    facts: { enabledSince: DECIDED_AT },
    decides: 'nothing-due',
    words: /next slot/,
    because: /just been seen for the first time; the next is 2026-11-25T00:00:00Z/,
    advice: /^Nothing/,
  },
  {
    name: 'past the starting deadline',
    world: { limits: { maxConcurrentRuns: 10, startingDeadlineMs: 3_600_000 } },
    decides: 'starting-deadline',
    words: /next slot/,
    because: /slot of 2026-11-24T00:00:00Z is let go.*BACKUP_STARTING_DEADLINE \(1 h\)/,
    advice: /^Nothing/,
  },
  {
    name: 'not enabled',
    desired: aDeviceNotEnabled(),
    decides: 'not-enabled',
    words: /is not enabled: neither it nor its fleet has the tag/,
    advice: /set the tag backupEnabled to true on the device, or on its fleet org\/fleet/,
  },
  {
    name: 'not enabled by mistake',
    desired: aDeviceNotEnabled({}, aProblem({ message: '"yes" is neither true nor false; write true or false' })),
    decides: 'not-enabled',
    words: /the device's tag backupSchedule: "yes" is neither/,
    advice: /The reason above/,
  },
  {
    name: 'rejected',
    desired: aRejectedDevice(),
    decides: 'policy-problems',
    words: /the schedule cannot be read/,
    advice: /^Correct the device's tag backupSchedule; .* "balena-backup resync"/,
  },
  {
    name: 'in flight',
    facts: { active: aRun() },
    decides: 'in-flight',
    words: /it has a run already/,
    because: new RegExp(`the run ${aRun().runId} .* is under way since 2026-11-24T00:00:00Z \\(running\\)`),
    advice: /RUN_TIMEOUT/,
  },
  {
    name: 'backing off',
    facts: { ...failing, retryAt: later },
    decides: 'backing-off',
    words: /waits before the next try; until 2026-11-24T09:00:00Z/,
    because: /its last 2 runs failed; the next try is after 2026-11-24T09:00:00Z. The device could not be reached/,
    advice: /could not be reached.*backupRequest a new text/,
  },
  {
    name: 'target unavailable',
    world: { stores: new Map([[STORE, { kind: 'shut', until: later }]]) },
    decides: 'target-unavailable',
    words: /runs to its target failed/,
    because: /tried again after 2026-11-24T09:00:00Z/,
    advice: /resync/,
  },
  {
    name: 'SSH key refused',
    world: { ssh: { kind: 'shut', until: later } },
    decides: 'credential-refused',
    words: /refused/,
    advice: /doctor/,
  },
  {
    name: 'API key refused',
    world: { apiRefused: true },
    decides: 'credential-refused',
    words: /refused/,
    because: /the API refuses CLI_API_KEY/,
    advice: /doctor/,
  },
  {
    name: 'stale',
    world: { apiStale: true },
    decides: 'api-stale',
    words: /has not answered lately/,
    advice: /doctor/,
  },
  {
    name: 'offline',
    desired: anEnabledDevice({ device: { connected: false } }),
    decides: 'offline',
    words: /not connected to balena/,
    advice: /soon after it connects/,
  },
  {
    name: 'no room',
    world: { limits: { maxConcurrentRuns: 0, startingDeadlineMs: null } },
    decides: 'at-limit',
    words: /MAX_CONCURRENT_RUNS/,
    because: /0 of 0 runs/,
    advice: /another run has ended/,
  },
];

describe('the answer for a device in words', () => {
  const broken = aFailedRun({ kind: 'chain-broken', detail: '' });
  const actionId = actionIdOf(aUuid(1), 'backup', { kind: 'schedule', at: at('2026-11-24T00:00:00Z') });

  it.each<Partial<Row> & { name: string; is: string }>([
    {
      name: 'a full backup',
      facts: { last: ended(broken) },
      is: 'starts a full backup for the slot of 2026-11-24T00:00:00Z',
    },
    {
      name: 'a further try',
      facts: { attempts: new Map([[actionId, 2]]) },
      is: 'starts a backup for the slot of 2026-11-24T00:00:00Z (attempt 3)',
    },
    {
      name: 'no slot ahead',
      world: { slots: { next: () => null, latest: () => null } },
      is: 'its schedule has no slot ahead',
    },
    {
      name: 'a wait whose end is known',
      facts: { retryAt: later },
      is: 'its last run failed, and it waits before the next try; until 2026-11-24T09:00:00Z',
    },
    {
      name: 'a wait whose end is now',
      world: { ssh: { kind: 'shut', until: DECIDED_AT } },
      is: 'our API key or SSH key was refused or a host key has changed, and nothing is started before that works again',
    },
    {
      name: 'a wait whose end is not known',
      world: { apiStale: true },
      is: "the balena API has not answered lately, so the device's tags may be old",
    },
    {
      name: 'not enabled',
      desired: aDeviceNotEnabled(),
      is: 'it is not enabled: neither it nor its fleet has the tag backupEnabled',
    },
    {
      name: 'two problems',
      desired: aRejectedDevice({}, [aProblem({ message: 'first' }), aProblem({ message: 'second' })]),
      is: "the device's tag backupSchedule: first; the device's tag backupSchedule: second",
    },
  ])('$name: $is', ({ is, ...row }) => {
    expect(explained(row).words).toBe(is);
  });
});

describe('advice', () => {
  it('names each field that has a problem once', () => {
    const schedule = aProblem({ message: 'first' });
    const url = aProblem({ field: 'backupUrl', origin: { kind: 'fleet-tag', tag: 'backupUrl' } });
    const { advice } = explained({ desired: aRejectedDevice({}, [schedule, aProblem({ message: 'second' }), url]) });

    expect(advice).toBe(
      'Correct the device\'s tag backupSchedule, the fleet\'s tag backupUrl; the next pass takes it up, at once with "balena-backup resync".',
    );
  });

  it('after a volume was found emptied does not lead to a request, which would be refused as well', () => {
    const last = ended(aFailedRun({ kind: 'volume-emptied', names: ['data'] }));

    expect(explained({ facts: { ...handled, failures: 1, last } }).advice).toMatch(
      /It is tried again at its next slot\. To have a backup before, run "balena-backup backup 0000001"\.$/,
    );
  });

  it('for a wait after a failure that is no longer known says how to try at once', () => {
    expect(explained({ facts: { retryAt: later } }).advice).toMatch(/^To try at once, give the tag backupRequest/);
  });
});

describe('the answers for a fleet', () => {
  it('begin with what starts, then come by name, then by UUID', () => {
    const named = (n: number, name: string, connected: boolean): DesiredDevice =>
      anEnabledDevice({ device: { uuid: aUuid(n), name, connected } });
    const desired = [
      named(1, 'b', false),
      named(2, 'a', false),
      named(4, 'b', false),
      named(3, 'b', false),
      named(5, 'z', true),
    ];
    const input = anInput({
      desired,
      facts: new Map(desired.map(({ device }) => [device.uuid, facts({ device: device.uuid })])),
    });

    expect(answersOf({ input, decision: decide(input) }).map(({ device }) => device.uuid)).toEqual(
      [5, 2, 1, 3, 4].map(aUuid),
    );
  });
});

describe('the explanation of a device', () => {
  it.each(rows)('that is $name: the first no is the reason, with words and what to do', (row) => {
    const explanation = explained(row);
    const deciding = explanation.steps.find(({ isYes }) => !isYes);

    expect(deciding?.guard ?? 'due').toBe(row.decides);
    expect(explanation.words).toMatch(row.words);
    expect(explanation.advice).toMatch(row.advice);
    expect(deciding?.because ?? '').toMatch(row.because ?? /^/);
  });

  it('asks the questions in the order of the decision, also behind the first no', () => {
    const { steps } = explained({ facts: handled, world: { apiStale: true } });

    expect(steps.map(({ guard, isYes }) => `${guard} ${isYes ? 'yes' : 'no'}`)).toEqual([
      'not-enabled yes',
      'policy-problems yes',
      'in-flight yes',
      'nothing-due no',
      'starting-deadline yes',
      'backing-off yes',
      'target-unavailable yes',
      'credential-refused yes',
      'api-stale no',
      'offline yes',
      'at-limit yes',
    ]);
  });

  it('shows every field of the policy with its origin, and the next slots', () => {
    const tag = { kind: 'device-tag', tag: 'backupRequest' } as const;
    const desired = anEnabledDevice({ policy: { request: resolved('now-1', tag) } });
    const { policy, nextSlot, nextSlots, timezone } = explained({ desired });

    expect(policy.map(({ field }) => field)).toEqual([
      'target',
      'volumes',
      'schedule',
      'timezone',
      'full every',
      'keep full',
      'bandwidth',
      'request',
    ]);
    expect(policy.at(-1)).toEqual({ field: 'request', value: 'now-1', origin: tag });
    expect(timezone).toBe('UTC');
    expect(nextSlot).toBe(nextSlots[0]);
    expect(nextSlots).toEqual([25, 26, 27, 28, 29].map((day) => at(`2026-11-${String(day)}T00:00:00Z`)));
  });

  it('of one that others go before names the limit', () => {
    const second = anEnabledDevice({ device: { uuid: aUuid(2) } });
    const input = anInput({
      desired: [anEnabledDevice(), second],
      facts: new Map([1, 2].map((n) => [aUuid(n), facts({ device: aUuid(n) })])),
      limits: { maxConcurrentRuns: 1, startingDeadlineMs: null },
    });
    const decided = { input, decision: decide(input) };

    expect(answersOf(decided).map(({ device, verdict }) => [device.uuid, verdict.kind])).toEqual([
      [aUuid(1), 'due'],
      [aUuid(2), 'held'],
    ]);
    expect(explanationOf(second, decided).steps.find(({ isYes }) => !isYes)).toMatchObject({
      guard: 'at-limit',
      because: '0 of 1 runs (MAX_CONCURRENT_RUNS) are under way; other devices go first',
    });
  });

  it('that is not enabled or rejected has neither a policy nor slots', () => {
    for (const desired of [aDeviceNotEnabled(), aRejectedDevice()]) {
      expect(explained({ desired })).toMatchObject({ policy: [], nextSlots: [], timezone: null, nextSlot: null });
    }
  });

  it('shows as many slots as its schedule has ahead', () => {
    const at9 = (after: number): typeof later | null => (after < later ? later : null);

    expect(
      explained({ world: { slots: { next: (_schedule, after) => at9(after), latest: () => null } } }).nextSlots,
    ).toEqual([later]);
  });
});
