import { describeFailure, describeHold } from '../model/describe';
import type { Instant } from '../model/brand';
import { placeFor } from '../model/folded';
import type { DeviceFacts, RunRecord } from '../model/run';
import { durationText, instantText } from '../model/shown';
import { type Slot, slotText } from '../model/slot';
import type { GuardName } from '../model/verdict';
import { gateFor, storeOf } from './breaker';
import { inFlightOf } from './decide';
import { baselineOf } from './due';
import type { OwnGuard, Question, World } from './verdict';

/** Each question is put so that yes lets the run through. */
export const QUESTIONS: Readonly<Record<GuardName, string>> = {
  'not-enabled': 'Is it enabled?',
  'policy-problems': 'Can its policy be read?',
  'in-flight': 'Is it free of another run?',
  'nothing-due': 'Has a slot come, or did a person ask?',
  'starting-deadline': 'Is the slot within its starting deadline?',
  'backing-off': 'Has it waited long enough since its last failure?',
  'target-unavailable': 'Is its target believed to work?',
  'credential-refused': 'Are our API key and SSH key accepted?',
  'api-stale': "Is the API's answer fresh?",
  offline: 'Is it connected to balena?',
  'at-limit': 'Is there room for one more run?',
};

/** What the answer of a guard rests on, whichever it is. */
export const BECAUSE: Readonly<Record<OwnGuard | 'at-limit', (question: Question) => string>> = {
  'in-flight': ({ facts }) => (facts?.active == null ? 'no run is under way on it' : activeText(facts.active)),
  'nothing-due': waitingText,
  'starting-deadline': deadlineText,
  'backing-off': backoffText,
  'target-unavailable': targetText,
  'credential-refused': ({ world }) => credentialText(world),
  'api-stale': ({ world }) => (world.apiStale ? describeHold('api-stale') : 'the API has just been asked'),
  offline: ({ desired }) => (desired.device.connected ? 'it is connected' : describeHold('offline')),
  'at-limit': ({ world }) => roomText(world),
};

/** A slot in a sentence. */
export function slotWords(slot: Slot): string {
  switch (slot.kind) {
    case 'schedule':
      return `the slot of ${instantText(slot.at)}`;
    case 'request':
      return `the request "${slot.token}"`;
    case 'manual':
      return `a person's command of ${instantText(slot.at)}`;
  }
}

function activeText({ runId, slot, phase, startedAt }: RunRecord): string {
  return `the run ${runId} for ${slotText(slot)} is under way since ${instantText(startedAt)} (${phase})`;
}

function waitingText({ due, facts, world }: Question): string {
  switch (due.kind) {
    case 'due':
      return `${slotWords(due.slot)} waits${due.slot.kind === 'schedule' ? ` (due since ${instantText(due.dueSince)})` : ''}`;
    case 'expired':
      return `${slotWords(due.slot)} has come`;
    case 'none':
      return `${settledText(facts, world.now)}, and ${due.nextSlot === null ? 'its schedule has no slot ahead' : `the next slot is ${instantText(due.nextSlot)}`}`;
  }
}

function settledText(facts: DeviceFacts | null, now: Instant): string {
  const upTo = facts === null ? now : baselineOf(facts);
  return upTo >= now ? 'it or its schedule is new' : `all up to ${instantText(upTo)} is settled`;
}

function deadlineText({ due, world }: Question): string {
  const deadlineMs = world.limits.startingDeadlineMs;
  if (due.kind === 'none') return 'no slot waits';
  if (due.kind === 'expired') {
    const missed = due.missed > 1 ? ` with ${String(due.missed - 1)} before it` : '';
    return `${slotWords(due.slot)} is let go${missed}: it was missed by more than BACKUP_STARTING_DEADLINE (${durationText(deadlineMs ?? 0)})`;
  }
  if (due.slot.kind === 'request') return 'a request knows no deadline';
  return due.expiresAt === null ? 'there is none' : `it may start until ${instantText(due.expiresAt)}`;
}

function backoffText({ facts, world }: Question): string {
  const failure = facts?.last?.failure ?? null;
  if (facts === null || facts.failures === 0 || failure === null) return 'there is no failure to wait for';
  const row = facts.failures === 1 ? 'its last run failed' : `its last ${String(facts.failures)} runs failed`;
  if (facts.retryAt === null) return row;
  const wait = world.now < facts.retryAt ? 'the next try is after' : 'the wait ended at';
  return `${row}; ${wait} ${instantText(facts.retryAt)}. ${describeFailure(failure)}`;
}

function targetText({ desired, policy, world }: Question): string {
  const place = placeFor(desired.device, policy);
  const gate = gateFor(place, world.stores);
  switch (gate?.kind) {
    case undefined:
    case 'open':
      return storeOf(place) === null ? 'its target is on the device itself' : 'nothing speaks against it';
    case 'single':
      return 'it failed lately, and one device at a time tries it';
    case 'shut':
      return `${describeHold('target-unavailable')}; tried again after ${instantText(gate.until)}`;
  }
}

function credentialText({ apiRefused, ssh }: World): string {
  if (apiRefused) return 'the API refuses CLI_API_KEY';
  switch (ssh.kind) {
    case 'open':
      return 'neither has been refused';
    case 'single':
      return 'the SSH key was refused lately, and one device at a time tries it';
    case 'shut':
      return `${describeHold('credential-refused')}; tried again after ${instantText(ssh.until)}`;
  }
}

function roomText(world: World): string {
  return `${String(inFlightOf(world))} of ${String(world.limits.maxConcurrentRuns)} runs (MAX_CONCURRENT_RUNS) are under way`;
}
