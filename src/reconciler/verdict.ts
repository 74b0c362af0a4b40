import { actionIdOf, type ActionOf } from '../model/action';
import type { ActionId, DeviceUuid, Instant } from '../model/brand';
import { placeFor, policyFor } from '../model/folded';
import type { DesiredDevice, FoldedPolicy } from '../model/policy';
import type { DeviceFacts } from '../model/run';
import type { Slot } from '../model/slot';
import type { GuardName, HoldReason, Verdict } from '../model/verdict';
import { type Gate, gateFor } from './breaker';
import { type Due, dueOf } from './due';
import type { Limits } from './limits';
import { modeOf } from './mode';
import type { SlotBook } from './slotbook';

/** What else than the device's own tags and runs stands between a device and its run. */
export interface World {
  readonly now: Instant;
  readonly limits: Limits;
  readonly facts: ReadonlyMap<DeviceUuid, DeviceFacts>;
  /** Devices with an active run, also of people's commands and of devices that are not enabled. */
  readonly inFlight: ReadonlySet<DeviceUuid>;
  /** How many of them take nobody's place: they have gone away with their run, or it is over but for its container. */
  readonly placeless: number;
  /** By `storeOf`; a store that is not in it is open. */
  readonly stores: ReadonlyMap<string, Gate>;
  readonly ssh: Gate;
  /** Whether the API refuses our credential: nothing is started for somebody who took it back. */
  readonly apiRefused: boolean;
  /** Whether the API's last answer is too old to start runs by. */
  readonly apiStale: boolean;
  readonly slots: SlotBook;
}

/** What is asked of one enabled device with a valid policy. */
export interface Question {
  readonly desired: DesiredDevice;
  readonly policy: FoldedPolicy;
  readonly facts: DeviceFacts | null;
  readonly due: Due;
  readonly world: World;
}

/** Why a device starts nothing. */
export type Refusal = Exclude<Verdict, { readonly kind: 'due' }>;

/** A small rule: its verdict, or null when it has nothing against the run. */
type Guard = (question: Question) => Refusal | null;

/** The guards that ask about one device with a policy. */
export type OwnGuard = Exclude<GuardName, 'not-enabled' | 'policy-problems' | 'at-limit'>;

/** In the order of design section 5: the first that speaks wins. */
export const GUARDS: readonly { readonly name: OwnGuard; readonly ask: Guard }[] = [
  { name: 'in-flight', ask: inFlight },
  { name: 'nothing-due', ask: ({ due }) => (due.kind === 'none' ? notDue(due.nextSlot) : null) },
  { name: 'starting-deadline', ask: ({ due }) => (due.kind === 'expired' ? notDue(due.nextSlot) : null) },
  { name: 'backing-off', ask: backingOff },
  { name: 'target-unavailable', ask: targetUnavailable },
  { name: 'credential-refused', ask: credentialRefused },
  { name: 'api-stale', ask: ({ world }) => (world.apiStale ? held('api-stale', null) : null) },
  { name: 'offline', ask: ({ desired }) => (desired.device.connected ? null : held('offline', null)) },
];

/** A device that is due and that nothing holds but, perhaps, the limit of the whole fleet. */
export interface Ready extends Question {
  readonly due: Extract<Due, { readonly kind: 'due' }>;
}

/** The answer for one device before the limit of the whole fleet: its verdict, or that it is ready. */
export type Answer =
  | { readonly kind: 'verdict'; readonly verdict: Refusal; readonly due: Due | null }
  | { readonly kind: 'ready'; readonly ready: Ready };

export function answerOf(desired: DesiredDevice, world: World): Answer {
  const { desire } = desired;
  if (desire.kind === 'not-enabled') return { kind: 'verdict', verdict: { kind: 'not-enabled' }, due: null };
  if (desire.kind === 'rejected') {
    return { kind: 'verdict', verdict: { kind: 'rejected', problems: desire.problems }, due: null };
  }
  const question = questionOf(desired, desire.policy, world);
  const { due } = question;
  for (const guard of GUARDS) {
    const verdict = guard.ask(question);
    if (verdict !== null) return { kind: 'verdict', verdict, due };
  }
  if (!isReady(question)) throw new TypeError('a device that nothing holds and that is not due was let through');
  return { kind: 'ready', ready: question };
}

function isReady(question: Question): question is Ready {
  return question.due.kind === 'due';
}

/** What the guards are asked about a device with this policy. */
export function questionOf(desired: DesiredDevice, policy: FoldedPolicy, world: World): Question {
  const { now, slots, limits } = world;
  const facts = world.facts.get(desired.device.uuid) ?? null;
  const due = dueOf({ policy, facts, now, slots, startingDeadlineMs: limits.startingDeadlineMs });
  return { desired, policy, facts, due, world };
}

/** What a device that is ready is to do. */
export function actionFor({ desired, facts, due, world, ...rest }: Ready): ActionOf<'backup'> {
  const policy = policyFor(desired.device, rest.policy);
  return {
    kind: 'backup',
    ...attemptOf(desired.device.uuid, due.slot, facts),
    device: desired.device,
    policy,
    target: policy.target.value,
    slot: due.slot,
    dueSince: due.dueSince,
    mode: modeOf(policy, facts, world.now),
  };
}

function inFlight({ desired, facts, world }: Question): Refusal | null {
  const active = world.inFlight.has(desired.device.uuid) || (facts !== null && facts.active !== null);
  return active ? held('in-flight', null) : null;
}

/** A person who asks for a run need not wait out what the schedule must, but their own request's failures they do. */
export function backingOff({ desired, due, facts, world }: Question): Refusal | null {
  if (facts === null || facts.retryAt === null || world.now >= facts.retryAt || due.kind !== 'due') return null;
  const isFirstTry = attemptOf(desired.device.uuid, due.slot, facts).attempt === 1;
  return due.slot.kind === 'request' && isFirstTry ? null : held('backing-off', facts.retryAt);
}

function targetUnavailable({ desired, policy, world }: Question): Refusal | null {
  const gate = gateFor(placeFor(desired.device, policy), world.stores);
  return gate?.kind === 'shut' ? held('target-unavailable', gate.until) : null;
}

function credentialRefused({ world }: Question): Refusal | null {
  if (world.apiRefused) return held('credential-refused', null);
  return world.ssh.kind === 'shut' ? held('credential-refused', world.ssh.until) : null;
}

function attemptOf(device: DeviceUuid, slot: Slot, facts: DeviceFacts | null): { id: ActionId; attempt: number } {
  const id = actionIdOf(device, 'backup', slot);
  return { id, attempt: (facts?.attempts.get(id) ?? 0) + 1 };
}

export function held(reason: HoldReason, until: Instant | null): Refusal {
  return until === null ? HELD[reason] : { kind: 'held', reason, until };
}

/** Of a large fleet that has lost its link they would fill the memory at every pass. */
const HELD = {
  'in-flight': { kind: 'held', reason: 'in-flight', until: null },
  'backing-off': { kind: 'held', reason: 'backing-off', until: null },
  'target-unavailable': { kind: 'held', reason: 'target-unavailable', until: null },
  'credential-refused': { kind: 'held', reason: 'credential-refused', until: null },
  'api-stale': { kind: 'held', reason: 'api-stale', until: null },
  offline: { kind: 'held', reason: 'offline', until: null },
  'at-limit': { kind: 'held', reason: 'at-limit', until: null },
} as const satisfies Readonly<Record<HoldReason, Refusal>>;

function notDue(nextSlot: Instant | null): Refusal {
  return { kind: 'not-due', nextSlot };
}
