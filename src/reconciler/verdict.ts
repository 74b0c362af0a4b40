import { actionIdOf, type ActionOf } from '../model/action';
import type { DeviceUuid, Instant } from '../model/brand';
import type { DesiredDevice, Policy } from '../model/policy';
import type { DeviceFacts } from '../model/run';
import type { HoldReason, Verdict } from '../model/verdict';
import { type Due, dueOf } from './due';
import type { Limits } from './limits';
import { modeOf } from './mode';
import type { SlotBook } from './slotbook';

/** What else than the device's own tags and runs stands between a device and its run. */
export interface World {
  readonly now: Instant;
  readonly limits: Limits;
  readonly facts: ReadonlyMap<DeviceUuid, DeviceFacts>;
  /** Places that are left alone until an instant, after failures that spoke against the target. */
  readonly unavailable: ReadonlyMap<string, Instant>;
  /** When the refused credential is tried again by one device; null: none is refused. */
  readonly credentialRefusedUntil: Instant | null;
  /** Whether the API's last answer is too old to start runs by. */
  readonly apiStale: boolean;
  readonly slots: SlotBook;
}

interface Question {
  readonly desired: DesiredDevice;
  readonly policy: Policy;
  readonly facts: DeviceFacts | null;
  readonly due: Due;
  readonly world: World;
}

/** A small rule: its verdict, or null when it has nothing against the run. */
type Guard = (question: Question) => Verdict | null;

/** In the order of design section 5: the first that speaks wins. */
export const GUARDS: readonly { readonly name: string; readonly ask: Guard }[] = [
  { name: 'in-flight', ask: ({ facts }) => (facts?.active == null ? null : held('in-flight', null)) },
  { name: 'nothing-due', ask: ({ due }) => (due.kind === 'none' ? notDue(due.nextSlot) : null) },
  { name: 'starting-deadline', ask: ({ due }) => (due.kind === 'expired' ? notDue(due.nextSlot) : null) },
  { name: 'backing-off', ask: backingOff },
  { name: 'target-unavailable', ask: targetUnavailable },
  { name: 'credential-refused', ask: credentialRefused },
  { name: 'api-stale', ask: ({ world }) => (world.apiStale ? held('api-stale', null) : null) },
  { name: 'offline', ask: ({ desired }) => (desired.device.connected ? null : held('offline', null)) },
];

/** The answer for one device, before the fleet-wide limit. `due` says what the answer rests on, for an enabled device. */
export function verdictOf(
  desired: DesiredDevice,
  world: World,
): { readonly verdict: Verdict; readonly due: Due | null } {
  const { desire, device } = desired;
  if (desire.kind === 'not-enabled') return { verdict: { kind: 'not-enabled' }, due: null };
  if (desire.kind === 'rejected') return { verdict: { kind: 'rejected', problems: desire.problems }, due: null };
  const { policy } = desire;
  const facts = world.facts.get(device.uuid) ?? null;
  const { now, slots, limits } = world;
  const due = dueOf({ policy, facts, now, slots, startingDeadlineMs: limits.startingDeadlineMs });
  const question = { desired, policy, facts, due, world };
  for (const guard of GUARDS) {
    const verdict = guard.ask(question);
    if (verdict !== null) return { verdict, due };
  }
  return { verdict: dueVerdict(question), due };
}

function dueVerdict({ desired, policy, facts, due, world }: Question): Verdict {
  if (due.kind !== 'due') throw new TypeError('a device that nothing holds and that is not due was let through');
  const id = actionIdOf(desired.device.uuid, 'backup', due.slot);
  const action: ActionOf<'backup'> = {
    kind: 'backup',
    id,
    device: desired.device,
    policy,
    slot: due.slot,
    dueSince: due.dueSince,
    attempt: (facts?.attempts.get(id) ?? 0) + 1,
    mode: modeOf(policy, facts, world.now),
  };
  return { kind: 'due', action };
}

/** A person who asks for a run need not wait out what the schedule must. */
function backingOff({ due, facts, world }: Question): Verdict | null {
  const retryAt = facts?.retryAt ?? null;
  if (retryAt === null || world.now >= retryAt) return null;
  return due.kind === 'due' && due.slot.kind === 'request' ? null : held('backing-off', retryAt);
}

function targetUnavailable({ policy, world }: Question): Verdict | null {
  const until = world.unavailable.get(policy.target.value.place);
  return until === undefined || world.now >= until ? null : held('target-unavailable', until);
}

function credentialRefused({ world }: Question): Verdict | null {
  const until = world.credentialRefusedUntil;
  return until === null || world.now >= until ? null : held('credential-refused', until);
}

function held(reason: HoldReason, until: Instant | null): Verdict {
  return { kind: 'held', reason, until };
}

function notDue(nextSlot: Instant | null): Verdict {
  return { kind: 'not-due', nextSlot };
}
