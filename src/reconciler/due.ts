import { type Instant, instantOf } from '../model/brand';
import type { Policy } from '../model/policy';
import type { DeviceFacts } from '../model/run';
import type { Slot } from '../model/slot';
import type { SlotBook } from './slotbook';

/** What a device waits for. */
export type Due =
  | {
      readonly kind: 'due';
      readonly slot: Slot;
      /** The earliest slot that the run makes up for. */
      readonly dueSince: Instant;
      /** From this instant on the slot is past its starting deadline; null: never. */
      readonly expiresAt: Instant | null;
    }
  | { readonly kind: 'expired'; readonly slot: Slot; readonly missed: number; readonly nextSlot: Instant | null }
  | { readonly kind: 'none'; readonly nextSlot: Instant | null };

export interface DueQuestion {
  readonly policy: Pick<Policy, 'schedule' | 'request'>;
  /** Null for a device that no pass has recorded yet: it waits for its next slot, and a token found counts as handled. */
  readonly facts: DeviceFacts | null;
  readonly now: Instant;
  readonly startingDeadlineMs: number | null;
  readonly slots: SlotBook;
}

/** What is due for one device. A person's request goes before the schedule and knows no deadline. */
export function dueOf(question: DueQuestion): Due {
  const token = pendingRequestOf(question.policy, question.facts);
  if (token === null) return scheduledDueOf(question);
  return { kind: 'due', slot: { kind: 'request', token }, dueSince: question.now, expiresAt: null };
}

/** The latest of what is handled, and since when the device and its schedule are known: slots up to it are settled. */
export function baselineOf(facts: DeviceFacts): Instant {
  return instantOf(Math.max(facts.handledSlot ?? facts.enabledSince, facts.enabledSince, facts.scheduleSince));
}

function pendingRequestOf(policy: DueQuestion['policy'], facts: DeviceFacts | null): string | null {
  if (policy.request === null || facts === null) return null;
  return policy.request.value === facts.handledRequest ? null : policy.request.value;
}

function scheduledDueOf({ policy, facts, now, startingDeadlineMs, slots }: DueQuestion): Due {
  const schedule = policy.schedule.value;
  const baseline = facts === null ? now : baselineOf(facts);
  const missed = slots.latest(schedule, baseline, now);
  // A baseline ahead of the clock (a clock that was set back) waits for the slot after the baseline: none runs twice.
  if (missed === null) return { kind: 'none', nextSlot: slots.next(schedule, baseline) };
  const slot: Slot = { kind: 'schedule', at: missed.slot };
  const expiresAt = startingDeadlineMs === null ? null : instantOf(missed.slot + startingDeadlineMs + 1);
  if (expiresAt !== null && now >= expiresAt) {
    return { kind: 'expired', slot, missed: missed.missed, nextSlot: slots.next(schedule, now) };
  }
  return { kind: 'due', slot, dueSince: missed.earliest, expiresAt };
}
