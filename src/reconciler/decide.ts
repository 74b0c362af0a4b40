import type { ActionOf } from '../model/action';
import type { DeviceUuid, Instant } from '../model/brand';
import type { DesiredDevice } from '../model/policy';
import type { Slot } from '../model/slot';
import type { Verdict } from '../model/verdict';
import { verdictOf, type World } from './verdict';

export interface DecisionInput extends World {
  readonly desired: readonly DesiredDevice[];
}

/** A slot that is handled without a run, since it is past its starting deadline. */
export interface Skip {
  readonly device: DeviceUuid;
  readonly slot: Slot;
  readonly missed: number;
}

export interface Decision {
  /** Requests by a person first, then the longest overdue, then by UUID. */
  readonly actions: readonly ActionOf<'backup'>[];
  readonly verdicts: ReadonlyMap<DeviceUuid, Verdict>;
  readonly skips: readonly Skip[];
  /** The earliest instant at which an answer can change by itself; null: only something new can change it. */
  readonly wakeAt: Instant | null;
}

/** What a pass does. Pure: the same input gives the same output, whatever the order of the devices. */
export function decide(input: DecisionInput): Decision {
  const verdicts = new Map<DeviceUuid, Verdict>();
  const skips: Skip[] = [];
  const ready: ActionOf<'backup'>[] = [];
  for (const desired of input.desired) {
    const { uuid } = desired.device;
    const { verdict, due } = verdictOf(desired, input);
    verdicts.set(uuid, verdict);
    if (verdict.kind === 'due') ready.push(verdict.action);
    // A run in flight may be of that very slot: it is skipped when the run has ended.
    if (due?.kind === 'expired' && verdict.kind === 'not-due')
      skips.push({ device: uuid, slot: due.slot, missed: due.missed });
  }
  ready.sort(byUrgency);
  const room = Math.max(0, input.limits.maxConcurrentRuns - inFlight(input));
  for (const { device } of ready.slice(room))
    verdicts.set(device.uuid, { kind: 'held', reason: 'at-limit', until: null });
  skips.sort((a, b) => compare(a.device, b.device));
  return { actions: ready.slice(0, room), verdicts, skips, wakeAt: wakeAtOf(verdicts.values(), input.now) };
}

/** Counted over the whole ledger: a run of a device that is no longer enabled takes its place, too. */
function inFlight({ facts }: DecisionInput): number {
  let count = 0;
  for (const each of facts.values()) if (each.active !== null) count += 1;
  return count;
}

function byUrgency(a: ActionOf<'backup'>, b: ActionOf<'backup'>): number {
  return rank(a) - rank(b) || a.dueSince - b.dueSince || compare(a.device.uuid, b.device.uuid);
}

function rank({ slot }: ActionOf<'backup'>): number {
  return slot.kind === 'schedule' ? 1 : 0;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function wakeAtOf(verdicts: Iterable<Verdict>, now: Instant): Instant | null {
  let earliest: Instant | null = null;
  for (const verdict of verdicts) {
    const at = changesAt(verdict);
    if (at !== null && at > now && (earliest === null || at < earliest)) earliest = at;
  }
  return earliest;
}

function changesAt(verdict: Verdict): Instant | null {
  switch (verdict.kind) {
    case 'not-due':
      return verdict.nextSlot;
    case 'held':
      return verdict.until;
    case 'due':
    case 'not-enabled':
    case 'rejected':
      return null;
  }
}
