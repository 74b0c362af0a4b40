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

/** A small rule: its verdict, or null when it has nothing against the run. */
type Guard = (question: Question) => Verdict | null;

/** In the order of design section 5: the first that speaks wins. */
export const GUARDS: readonly { readonly name: GuardName; readonly ask: Guard }[] = [
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
  | { readonly kind: 'verdict'; readonly verdict: Verdict; readonly due: Due | null }
  | { readonly kind: 'ready'; readonly ready: Ready };

export function answerOf(desired: DesiredDevice, world: World): Answer {
  const question = questionOf(desired, world);
  if ('kind' in question) return { kind: 'verdict', verdict: question, due: null };
  const { due } = question;
  for (const guard of GUARDS) {
    const verdict = guard.ask(question);
    if (verdict !== null) return { kind: 'verdict', verdict, due };
  }
  if (due.kind !== 'due') throw new TypeError('a device that nothing holds and that is not due was let through');
  return { kind: 'ready', ready: { ...question, due } };
}

/** What the guards are asked, or the verdict where there is no policy to ask about. */
export function questionOf({ desire, device }: DesiredDevice, world: World): Question | Verdict {
  if (desire.kind === 'not-enabled') return { kind: 'not-enabled' };
  if (desire.kind === 'rejected') return { kind: 'rejected', problems: desire.problems };
  const { policy } = desire;
  const facts = world.facts.get(device.uuid) ?? null;
  const { now, slots, limits } = world;
  const due = dueOf({ policy, facts, now, slots, startingDeadlineMs: limits.startingDeadlineMs });
  return { desired: { device, desire }, policy, facts, due, world };
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

function inFlight({ desired, facts, world }: Question): Verdict | null {
  const active = world.inFlight.has(desired.device.uuid) || (facts !== null && facts.active !== null);
  return active ? held('in-flight', null) : null;
}

/** A person who asks for a run need not wait out what the schedule must, but their own request's failures they do. */
function backingOff({ desired, due, facts, world }: Question): Verdict | null {
  if (facts === null || facts.retryAt === null || world.now >= facts.retryAt || due.kind !== 'due') return null;
  const isFirstTry = attemptOf(desired.device.uuid, due.slot, facts).attempt === 1;
  return due.slot.kind === 'request' && isFirstTry ? null : held('backing-off', facts.retryAt);
}

function targetUnavailable({ desired, policy, world }: Question): Verdict | null {
  const gate = gateFor(placeFor(desired.device, policy), world.stores);
  return gate?.kind === 'shut' ? held('target-unavailable', gate.until) : null;
}

function credentialRefused({ world }: Question): Verdict | null {
  if (world.apiRefused) return held('credential-refused', null);
  return world.ssh.kind === 'shut' ? held('credential-refused', world.ssh.until) : null;
}

function attemptOf(device: DeviceUuid, slot: Slot, facts: DeviceFacts | null): { id: ActionId; attempt: number } {
  const id = actionIdOf(device, 'backup', slot);
  return { id, attempt: (facts?.attempts.get(id) ?? 0) + 1 };
}

export function held(reason: HoldReason, until: Instant | null): Verdict {
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
} as const satisfies Readonly<Record<HoldReason, Verdict>>;

function notDue(nextSlot: Instant | null): Verdict {
  return { kind: 'not-due', nextSlot };
}
