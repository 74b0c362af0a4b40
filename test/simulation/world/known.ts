import { type DeviceUuid, instantOf } from '../../../src/model/brand';
import type { Failure } from '../../../src/model/failure';
import type { NewRun } from '../../../src/model/ports';
import type { Slot } from '../../../src/model/slot';
import { type Asked, latestSlotOf, type Plan } from './fleet';

export interface Violation {
  readonly law: string;
  readonly detail: string;
}

/** What must be true of one device, kept without the reconciler's own code. Instants are the controller's wall clock. */
export interface Known {
  readonly uuid: DeviceUuid;
  /** What the last recorded reading asked for; null: never listed. */
  asked: Asked | null;
  isConnected: boolean;
  enabledAt: number | null;
  /** The schedule in force, and since when. */
  plan: Plan | null;
  planAt: number;
  /** The latest slot that needs no run any more. */
  settledAt: number;
  settledRequest: string | null;
  /** What a wrong clock may have written is put right when a pass next sees the device enabled. */
  isDoubtful: boolean;
  readonly succeeded: Set<string>;
  active: NewRun | null;
  lastEndAt: number;
  lastFailure: Failure | null;
  /** Failures in a row that count. */
  streak: number;
}

export const NEVER = Number.NEGATIVE_INFINITY;

export function unknown(uuid: DeviceUuid): Known {
  return {
    uuid,
    asked: null,
    isConnected: false,
    enabledAt: null,
    plan: null,
    planAt: NEVER,
    settledAt: NEVER,
    settledRequest: null,
    isDoubtful: false,
    succeeded: new Set(),
    active: null,
    lastEndAt: NEVER,
    lastFailure: null,
    streak: 0,
  };
}

/** Takes a recorded reading in. */
export function see(known: Known, asked: Asked, isConnected: boolean, now: number): void {
  known.isConnected = isConnected;
  if (!asked.enabled) {
    known.enabledAt = null;
  } else if (!asked.isSpoiled) {
    // A token that is there at the first sight counts as handled.
    if (known.plan === null) known.settledRequest = asked.request;
    known.enabledAt ??= now;
    if (known.isDoubtful) known.settledAt = Math.max(known.settledAt, now);
    known.isDoubtful = false;
    if (known.plan?.text !== asked.plan.text) {
      known.plan = asked.plan;
      known.planAt = now;
      known.streak = 0;
      known.lastFailure = null;
    }
  }
  known.asked = asked;
}

export function isEnabled({ asked, enabledAt }: Known): boolean {
  return asked !== null && asked.enabled && !asked.isSpoiled && enabledAt !== null;
}

/** What the device waits for: the slot by which its wait is measured, or a request; null: nothing. */
export function unmetOf(
  known: Known,
  now: number,
  rules: Rules,
): { readonly slot: Slot; readonly since: number } | null {
  const { asked, plan, enabledAt } = known;
  if (asked === null || plan === null || enabledAt === null || !isEnabled(known)) return null;
  if (asked.request !== null && asked.request !== known.settledRequest) {
    return { slot: { kind: 'request', token: asked.request }, since: NEVER };
  }
  const latest = latestSlotOf(plan, now);
  const baseline = Math.max(enabledAt, known.planAt, known.settledAt, rules.forgivenAt);
  if (latest <= baseline || (rules.deadlineMs !== null && now > latest + rules.deadlineMs)) return null;
  const since = latestSlotOf(plan, baseline) + plan.periodMs;
  return { slot: { kind: 'schedule', at: instantOf(latest) }, since };
}

export interface Rules {
  readonly deadlineMs: number | null;
  /** Slots up to it are nobody's business: the clock was wrong. */
  readonly forgivenAt: number;
}

/** The next instant at which the device's schedule asks for a run. */
export function nextSlotOf({ plan }: Known, now: number): number {
  return plan === null ? Number.POSITIVE_INFINITY : latestSlotOf(plan, now) + plan.periodMs;
}

const TERMINAL: readonly Failure['kind'][] = ['volume-emptied', 'volume-missing', 'volumes-none', 'passphrase-wrong'];
const UNCOUNTED: readonly Failure['kind'][] = ['cancelled', 'device-busy'];
const AT_ONCE: readonly Failure['kind'][] = ['cancelled', 'run-lost', 'chain-broken'];

/** Takes the end of the device's active run in. */
export function end(known: Known, failure: Failure | null, now: number): void {
  const run = known.active;
  if (run === null) return;
  known.active = null;
  known.lastEndAt = now;
  known.lastFailure = failure;
  if (failure === null) known.succeeded.add(JSON.stringify(run.slot));
  if (failure === null) known.streak = 0;
  else if (!UNCOUNTED.includes(failure.kind) && run.slot.kind !== 'manual') known.streak += 1;
  if (failure === null || TERMINAL.includes(failure.kind)) settle(known, run.slot);
}

export function settle(known: Known, slot: Slot): void {
  if (slot.kind === 'schedule') known.settledAt = Math.max(known.settledAt, slot.at);
  else if (slot.kind === 'request') known.settledRequest = slot.token;
}

/** Forgets what a wrong clock may have written. */
export function forgive(known: Known, now: number): void {
  known.settledAt = Math.min(known.settledAt, now);
  known.planAt = Math.min(known.planAt, now);
  if (known.enabledAt !== null) known.enabledAt = Math.min(known.enabledAt, now);
  known.isDoubtful = true;
  known.lastEndAt = NEVER;
  known.succeeded.clear();
}

const FIRST_MS = 60_000;
export const LONGEST_MS = 6 * 3_600_000;

/** The shortest pause before the next try that the promise of exponential backoff allows. */
export function shortestPauseMs({ lastFailure, streak }: Known): number {
  if (lastFailure === null) return 0;
  const isFirst = streak <= 1 || UNCOUNTED.includes(lastFailure.kind);
  if (isFirst && AT_ONCE.includes(lastFailure.kind)) return 0;
  return Math.min(FIRST_MS * 2 ** Math.max(0, streak - 1), LONGEST_MS) / 2;
}
