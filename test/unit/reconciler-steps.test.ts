import { instantOf } from '../../src/model/brand';
import type { Step } from '../../src/model/explanation';
import type { DesiredDevice } from '../../src/model/policy';
import type { DeviceFacts } from '../../src/model/run';
import type { GuardName } from '../../src/model/verdict';
import { decide, type DecisionInput } from '../../src/reconciler/decide';
import { choresOf, explanationOf } from '../../src/reconciler/explain';
import type { Look } from '../../src/reconciler/look';
import { slotBook } from '../../src/reconciler/slotbook';
import { aDevice, anEnabledDevice, aProblem, aRejectedDevice, aTarget, aUuid, resolved } from '../support/desired';
import { anInput, DECIDED_AT, known, STORE } from '../support/decision';
import { aFailedRun, aRun, aSucceededRun, at, ended, facts } from '../support/facts';

const later = at('2026-11-24T09:00:00Z');
const soon = instantOf(DECIDED_AT + 30_000);
const midnight = at('2026-11-24T00:00:00Z');
const failed = ended(aFailedRun({ kind: 'device-unreachable', phase: 'connect', detail: 'refused' }));
const asked = anEnabledDevice({ policy: { request: resolved('now-1') } });
const HOUR = 3_600_000;

interface Scene {
  readonly desired?: DesiredDevice;
  readonly facts?: Partial<DeviceFacts>;
  readonly world?: Partial<DecisionInput>;
}

interface Row extends Scene {
  readonly guard: GuardName;
  readonly is: 'yes' | 'no';
  readonly because: string;
}

function stepsOf({ desired = anEnabledDevice(), facts: over, world }: Scene): readonly Step[] {
  const input = anInput({ desired: [desired], facts: known(facts(over)), ...world });
  return explanationOf(desired, { input, decision: decide(input) }).steps;
}

const deadline = (hours: number): Partial<DecisionInput> => ({
  limits: { maxConcurrentRuns: 10, startingDeadlineMs: hours * HOUR },
});
const store = (gate: ReturnType<typeof anInput>['ssh']): Partial<DecisionInput> => ({
  stores: new Map([[STORE, gate]]),
});
const noSlots: DecisionInput['slots'] = { next: () => null, latest: () => null };

const rows: readonly Row[] = [
  { guard: 'not-enabled', is: 'yes', because: 'backupEnabled is true' },
  { guard: 'policy-problems', is: 'yes', because: 'every field of it is valid' },
  {
    guard: 'policy-problems',
    is: 'no',
    desired: aRejectedDevice({}, [aProblem({ message: 'first' }), aProblem({ message: 'second' })]),
    because: "the device's tag backupSchedule: first; the device's tag backupSchedule: second",
  },
  { guard: 'in-flight', is: 'yes', because: 'no run is under way on it' },
  { guard: 'in-flight', is: 'yes', world: { facts: new Map() }, because: 'no run is under way on it' },
  {
    guard: 'in-flight',
    is: 'no',
    facts: { active: aRun({ slot: { kind: 'manual', at: midnight }, phase: 'pulling', leaseUntil: soon }) },
    because: `the run ${aRun().runId} (backup) for manual:2026-11-24T00:00:00.000Z is under way since 2026-11-24T00:00:00Z (pulling)`,
  },
  {
    guard: 'in-flight',
    is: 'no',
    facts: { active: aRun() },
    because: `the run ${aRun().runId} (backup) for 2026-11-24T00:00:00.000Z is under way since 2026-11-24T00:00:00Z (running); nobody follows it at the moment, and a controller takes it up`,
  },
  {
    guard: 'in-flight',
    is: 'no',
    // Granted by a clock that has been set back since.
    facts: { active: aRun({ leaseUntil: later }) },
    because: `the run ${aRun().runId} (backup) for 2026-11-24T00:00:00.000Z is under way since 2026-11-24T00:00:00Z (running); nobody follows it at the moment, and a controller takes it up`,
  },
  {
    guard: 'in-flight',
    is: 'no',
    desired: anEnabledDevice({ device: { connected: false } }),
    facts: { active: aRun() },
    because: `the run ${aRun().runId} (backup) for 2026-11-24T00:00:00.000Z is under way since 2026-11-24T00:00:00Z (running); its device is not connected, so it is taken up when that connects, or given up an hour after RUN_TIMEOUT`,
  },
  {
    guard: 'nothing-due',
    is: 'yes',
    facts: { handledSlot: at('2026-11-22T00:00:00Z') },
    because: 'the slot of 2026-11-24T00:00:00Z waits (due since 2026-11-23T00:00:00Z)',
  },
  { guard: 'nothing-due', is: 'yes', desired: asked, because: 'the request "now-1" waits' },
  { guard: 'nothing-due', is: 'yes', world: deadline(1), because: 'the slot of 2026-11-24T00:00:00Z has come' },
  {
    guard: 'nothing-due',
    is: 'no',
    facts: { handledSlot: midnight },
    because: 'the last slot, of 2026-11-24T00:00:00Z, is dealt with; the next is 2026-11-25T00:00:00Z',
  },
  {
    guard: 'nothing-due',
    is: 'no',
    world: { facts: new Map() },
    because: 'it or its schedule has just been seen for the first time; the next is 2026-11-25T00:00:00Z',
  },
  {
    guard: 'nothing-due',
    is: 'no',
    facts: { handledSlot: midnight },
    world: { slots: noSlots },
    because: 'the last slot, of 2026-11-24T00:00:00Z, is dealt with; its schedule has no slot ahead',
  },
  {
    guard: 'nothing-due',
    is: 'no',
    facts: { handledSlot: midnight },
    world: deadline(1),
    because:
      'the last slot, of 2026-11-24T00:00:00Z, was let go, missed by more than BACKUP_STARTING_DEADLINE; the next is 2026-11-25T00:00:00Z',
  },
  {
    guard: 'nothing-due',
    is: 'no',
    facts: { handledSlot: midnight, last: failed },
    world: deadline(1),
    because: 'the last slot, of 2026-11-24T00:00:00Z, is dealt with; the next is 2026-11-25T00:00:00Z',
  },
  {
    guard: 'nothing-due',
    is: 'no',
    facts: { enabledSince: at('2026-11-24T07:00:00Z') },
    because:
      'it was first seen enabled at 2026-11-24T07:00:00Z, and no slot has come since; the next is 2026-11-25T00:00:00Z',
  },
  {
    guard: 'nothing-due',
    is: 'no',
    facts: { handledSlot: midnight, scheduleSince: at('2026-11-24T07:00:00Z') },
    because:
      'its schedule or time zone was first seen at 2026-11-24T07:00:00Z, and no slot has come since; the next is 2026-11-25T00:00:00Z',
  },
  {
    guard: 'nothing-due',
    is: 'no',
    facts: { handledSlot: at('2026-11-25T00:00:00Z') },
    because:
      'all slots up to 2026-11-25T00:00:00Z are dealt with, as a clock that was ahead wrote down; the next is 2026-11-26T00:00:00Z',
  },
  {
    guard: 'nothing-due',
    is: 'no',
    desired: asked,
    facts: { handledSlot: midnight, handledRequest: 'now-1' },
    because:
      'the last slot, of 2026-11-24T00:00:00Z, is dealt with; the next is 2026-11-25T00:00:00Z. The request "now-1" is dealt with, or was there when the device was first seen: a new text asks anew',
  },
  { guard: 'starting-deadline', is: 'yes', because: 'there is none' },
  { guard: 'starting-deadline', is: 'yes', facts: { handledSlot: midnight }, because: 'no slot waits' },
  { guard: 'starting-deadline', is: 'yes', desired: asked, because: 'a request knows no deadline' },
  {
    guard: 'starting-deadline',
    is: 'yes',
    world: deadline(9),
    because: 'it may start until 2026-11-24T09:00:00Z',
  },
  {
    guard: 'starting-deadline',
    is: 'no',
    facts: { handledSlot: at('2026-11-23T00:00:00Z') },
    world: deadline(1),
    because: 'the slot of 2026-11-24T00:00:00Z is let go: it was missed by more than BACKUP_STARTING_DEADLINE (1 h)',
  },
  {
    guard: 'starting-deadline',
    is: 'no',
    facts: { handledSlot: at('2026-11-22T00:00:00Z') },
    world: deadline(1),
    because:
      'the slot of 2026-11-24T00:00:00Z is let go with 1 before it: it was missed by more than BACKUP_STARTING_DEADLINE (1 h)',
  },
  { guard: 'backing-off', is: 'yes', because: 'there is no failure to wait for' },
  { guard: 'backing-off', is: 'yes', world: { facts: new Map() }, because: 'there is no failure to wait for' },
  {
    guard: 'backing-off',
    is: 'yes',
    facts: { failures: 1, last: ended(aSucceededRun()) },
    because: 'there is no failure to wait for',
  },
  {
    guard: 'backing-off',
    is: 'yes',
    facts: { failures: 0, last: failed, retryAt: DECIDED_AT },
    because: 'there is no failure to wait for',
  },
  { guard: 'backing-off', is: 'yes', facts: { failures: 1, last: failed }, because: 'its last run failed' },
  {
    guard: 'backing-off',
    is: 'no',
    facts: { failures: 0, last: ended(aFailedRun({ kind: 'device-busy', runId: '0123' })), retryAt: later },
    because:
      'its last run failed; the next try is after 2026-11-24T09:00:00Z. The device is busy with another run (0123). Wait until that has ended',
  },
  {
    guard: 'backing-off',
    is: 'no',
    facts: { failures: 2, retryAt: later },
    because: 'its last 2 runs failed; the next try is after 2026-11-24T09:00:00Z',
  },
  {
    guard: 'backing-off',
    is: 'yes',
    facts: { failures: 1, handledSlot: midnight, last: failed, retryAt: later },
    because:
      'its last run failed; nothing waits to be tried again. The device could not be reached (no connection: refused). Check that it is online',
  },
  {
    guard: 'backing-off',
    is: 'yes',
    facts: { handledSlot: midnight, last: ended(aFailedRun({ kind: 'cancelled', by: 'person' })), retryAt: later },
    because: 'there is no failure to wait for',
  },
  {
    guard: 'backing-off',
    is: 'yes',
    desired: asked,
    facts: { failures: 1, last: failed, retryAt: later },
    because:
      'its last run failed; a person who asks anew need not wait until 2026-11-24T09:00:00Z. The device could not be reached (no connection: refused). Check that it is online',
  },
  {
    guard: 'backing-off',
    is: 'yes',
    facts: { failures: 2, last: failed, retryAt: DECIDED_AT },
    because:
      'its last 2 runs failed; the wait ended at 2026-11-24T08:00:00Z. The device could not be reached (no connection: refused). Check that it is online',
  },
  {
    guard: 'backing-off',
    is: 'no',
    facts: { failures: 1, last: failed, retryAt: later },
    because:
      'its last run failed; the next try is after 2026-11-24T09:00:00Z. The device could not be reached (no connection: refused). Check that it is online',
  },
  { guard: 'target-unavailable', is: 'yes', because: 'nothing speaks against it' },
  { guard: 'target-unavailable', is: 'yes', world: store({ kind: 'open' }), because: 'nothing speaks against it' },
  {
    guard: 'target-unavailable',
    is: 'yes',
    desired: anEnabledDevice({ policy: { target: resolved(aTarget({ place: 'file:/backups' })) } }),
    because: 'its target is on the device itself',
  },
  {
    guard: 'target-unavailable',
    is: 'yes',
    world: store({ kind: 'single' }),
    because: 'it failed lately, and one device at a time tries it',
  },
  {
    guard: 'target-unavailable',
    is: 'no',
    world: store({ kind: 'shut', until: later }),
    because:
      'runs to its target failed lately, and others wait until one has got through; tried again after 2026-11-24T09:00:00Z',
  },
  {
    guard: 'target-unavailable',
    is: 'no',
    facts: { last: ended(aFailedRun({ kind: 'store-unavailable', detail: 'connection refused' })) },
    world: store({ kind: 'shut', until: later }),
    because:
      'runs to its target failed lately, and others wait until one has got through; tried again after 2026-11-24T09:00:00Z. The target could not be used: connection refused. Check that it is up, and that its address and credentials are right',
  },
  { guard: 'credential-refused', is: 'yes', because: 'neither has been refused' },
  {
    guard: 'credential-refused',
    is: 'yes',
    world: { ssh: { kind: 'single' } },
    because: 'the SSH key was refused or a host key had changed lately, and one device at a time tries it',
  },
  {
    guard: 'credential-refused',
    is: 'no',
    world: { ssh: { kind: 'shut', until: later } },
    because:
      'the SSH key was refused or a host key has changed, and no run goes that way before it works again; tried again after 2026-11-24T09:00:00Z',
  },
  { guard: 'credential-refused', is: 'no', world: { apiRefused: true }, because: 'the API refuses CLI_API_KEY' },
  { guard: 'api-stale', is: 'yes', because: 'the API has just been asked' },
  {
    guard: 'api-stale',
    is: 'no',
    world: { apiStale: true },
    because: "the balena API has not answered lately, so the device's tags may be old",
  },
  { guard: 'offline', is: 'yes', because: 'it is connected' },
  {
    guard: 'offline',
    is: 'no',
    desired: anEnabledDevice({ device: { connected: false } }),
    because: 'it is not connected to balena; it runs soon after it connects',
  },
  { guard: 'at-limit', is: 'yes', because: '0 of 10 runs (MAX_CONCURRENT_RUNS) are under way' },
  {
    guard: 'at-limit',
    is: 'no',
    facts: { active: aRun() },
    world: { limits: { maxConcurrentRuns: 1, startingDeadlineMs: null } },
    because: '1 of 1 runs (MAX_CONCURRENT_RUNS) are under way',
  },
  {
    guard: 'at-limit',
    is: 'no',
    world: { limits: { maxConcurrentRuns: 0, startingDeadlineMs: null } },
    because: '0 of 0 runs (MAX_CONCURRENT_RUNS) are under way; other devices go first',
  },
];

describe('a question of the decision', () => {
  it.each(rows)('$guard is answered with $is, since $because', ({ guard, is, because, ...scene }) => {
    const step = stepsOf(scene).find((each) => each.guard === guard);

    expect(step).toMatchObject({ isYes: is === 'yes', because });
  });

  it('is said no to once for a device that waits for the trial of another', () => {
    const second = anEnabledDevice({ device: { uuid: aUuid(2) } });
    const input = anInput({
      desired: [anEnabledDevice(), second],
      facts: known(facts(), facts({ device: aUuid(2) })),
      ...store({ kind: 'single' }),
    });
    const { steps } = explanationOf(second, { input, decision: decide(input) });

    expect(steps.filter(({ isYes }) => !isYes)).toMatchObject([
      {
        guard: 'target-unavailable',
        question: 'Is its target believed to work?',
        because: 'it failed lately, and one device at a time tries it; other devices go first',
      },
    ]);
  });
});

describe('what a pass does beside starting runs', () => {
  it('gives runs up, joins runs and lets slots go', () => {
    const device = aDevice();
    const [lost, joined] = [aRun({ attempt: 2 }), aRun()];
    const input = anInput({ desired: [anEnabledDevice()], ...deadline(1), slots: slotBook() });
    const look: Look = {
      input,
      decision: decide(input),
      active: [lost, joined],
      adoption: { adopt: [{ run: joined, device }], lost: [lost], away: 0, wakeAt: null },
    };

    expect(choresOf(look)).toEqual([
      { kind: 'lose', run: lost },
      { kind: 'adopt', run: joined },
      { kind: 'skip', device, slot: '2026-11-24T00:00:00.000Z', missed: 23 },
    ]);
  });
});
