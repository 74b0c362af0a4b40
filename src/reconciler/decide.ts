import type { ActionOf } from '../model/action';
import { assertNever } from '../model/assertnever';
import type { Instant } from '../model/brand';
import { placeFor } from '../model/folded';
import type { Device } from '../model/device';
import { compareTexts } from '../model/order';
import type { DesiredDevice } from '../model/policy';
import type { Slot } from '../model/slot';
import type { HoldReason, Verdict } from '../model/verdict';
import { storeOf } from './breaker';
import { firstFirst } from './firstfirst';
import { actionFor, answerOf, held, type Ready, type Refusal, type World } from './verdict';

export interface DecisionInput extends World {
  readonly desired: readonly DesiredDevice[];
}

/** A slot that is handled without a run, since it is past its starting deadline. */
export interface Skip {
  readonly device: Device;
  readonly slot: Slot;
  readonly missed: number;
}

export interface Decision {
  /** Requests by a person first, then the longest overdue, then by UUID. */
  readonly actions: readonly ActionOf<'backup'>[];
  /** One for each of the desired devices, in their order. */
  readonly verdicts: readonly Verdict[];
  readonly skips: readonly Skip[];
  /** The earliest instant at which an answer can change by itself; null: only something new can change it. */
  readonly wakeAt: Instant | null;
}

/** What a pass does. Pure: the same input gives the same output, whatever the order of the devices. */
export function decide(input: DecisionInput): Decision {
  const verdicts: Verdict[] = [];
  const skips: Skip[] = [];
  const candidates: Candidate[] = [];
  const wake = alarm(input.now);
  const shared = sharer();
  for (const desired of input.desired) {
    const answer = answerOf(desired, input);
    if (answer.kind === 'ready') {
      const { slot, dueSince, expiresAt } = answer.ready.due;
      wake.at(expiresAt);
      candidates.push({ desired, isAsked: slot.kind !== 'schedule', dueSince, at: verdicts.length });
      verdicts.push(AT_LIMIT);
      continue;
    }
    const { verdict, due } = answer;
    verdicts.push(shared(verdict));
    wake.at(changesAt(verdict));
    wake.at(due?.kind === 'due' ? due.expiresAt : null);
    // A run in flight may be of that very slot: it is skipped when the run has ended.
    if (due?.kind === 'expired' && verdict.kind === 'not-due')
      skips.push({ device: desired.device, slot: due.slot, missed: due.missed });
  }
  const actions = admit(candidates, input, verdicts);
  skips.sort((a, b) => compareTexts(a.device.uuid, b.device.uuid));
  return { actions, verdicts, skips, wakeAt: wake.earliest() };
}

/** Gives devices that wait for the same slot one verdict: of a large fleet they would fill the memory at every pass. */
function sharer(): (verdict: Verdict) => Verdict {
  const bySlot = new Map<Instant | null, Verdict>();
  return (verdict) => {
    if (verdict.kind !== 'not-due') return verdict;
    const known = bySlot.get(verdict.nextSlot) ?? verdict;
    bySlot.set(verdict.nextSlot, known);
    return known;
  };
}

/** What the order of devices that are ready goes by. Of a large fleet that is due at once there are many. */
interface Candidate {
  readonly desired: DesiredDevice;
  /** Whether a person asks for it. */
  readonly isAsked: boolean;
  readonly dueSince: Instant;
  /** Its place among the verdicts. */
  readonly at: number;
}

/** What a device that is ready gets unless there is room for it. */
const AT_LIMIT = held('at-limit', null);

/** Takes as many as there is room for, and one at a time of what is only on trial. */
function admit(candidates: Candidate[], input: DecisionInput, verdicts: Verdict[]): readonly ActionOf<'backup'>[] {
  const taken: ActionOf<'backup'>[] = [];
  const trials = new Set<string>();
  const room = input.limits.maxConcurrentRuns - inFlightOf(input);
  if (room <= 0) return taken;
  for (const { desired, at } of firstFirst(candidates, byUrgency)) {
    const answer = answerOf(desired, input);
    if (answer.kind !== 'ready') continue;
    const reason = onTrial(answer.ready, input, trials);
    if (reason !== null) {
      verdicts[at] = held(reason, null);
      continue;
    }
    const action = actionFor(answer.ready);
    verdicts[at] = { kind: 'due', action };
    if (taken.push(action) >= room) break;
  }
  return taken;
}

/** The reason to wait for another's trial, or null after having taken the trials that this run needs. */
function onTrial({ desired, policy }: Ready, { ssh, stores }: DecisionInput, trials: Set<string>): HoldReason | null {
  const store = storeOf(placeFor(desired.device, policy));
  const isStoreTried = store !== null && stores.get(store)?.kind === 'single';
  if (isStoreTried && trials.has(store)) return 'target-unavailable';
  if (ssh.kind === 'single' && trials.has('ssh')) return 'credential-refused';
  if (isStoreTried) trials.add(store);
  trials.add('ssh');
  return null;
}

/**
 * Counted over the whole ledger: a run of a device that is no longer enabled takes its place, too. A run whose device has
 * gone away with it does not, nor does what a run has left: a few devices that lose their power, or hang, would keep the whole
 * fleet waiting for half a day.
 */
export function inFlightOf({ facts, inFlight, placeless }: Pick<World, 'facts' | 'inFlight' | 'placeless'>): number {
  let count = inFlight.size;
  for (const each of facts.values()) if (each.active !== null && !inFlight.has(each.device)) count += 1;
  return count - placeless;
}

function byUrgency(a: Candidate, b: Candidate): number {
  if (a.isAsked !== b.isAsked) return a.isAsked ? -1 : 1;
  return a.dueSince - b.dueSince || compareTexts(a.desired.device.uuid, b.desired.device.uuid);
}

interface Alarm {
  at(instant: Instant | null): void;
  earliest(): Instant | null;
}

function alarm(now: Instant): Alarm {
  let earliest: Instant | null = null;
  return {
    at: (instant) => {
      if (instant !== null && instant > now && (earliest === null || instant < earliest)) earliest = instant;
    },
    earliest: () => earliest,
  };
}

/** When the answer changes by itself: at the next slot, or when the wait is over. */
function changesAt(verdict: Refusal): Instant | null {
  switch (verdict.kind) {
    case 'not-due':
      return verdict.nextSlot;
    case 'held':
      return verdict.until;
    case 'not-enabled':
    case 'rejected':
      return null;
    default:
      return assertNever(verdict);
  }
}
