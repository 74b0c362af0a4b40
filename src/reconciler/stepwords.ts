import { describeFailure, describeHold } from '../model/describe';
import type { Instant } from '../model/brand';
import type { Failure } from '../model/failure';
import { placeFor } from '../model/folded';
import { isLeased } from '../model/lease';
import type { DeviceFacts, RunRecord } from '../model/run';
import { durationText, instantText } from '../model/shown';
import { type Slot, slotText } from '../model/slot';
import type { GuardName } from '../model/verdict';
import { type Gate, gateFor, storeOf, troubleOfSsh, troubleOfStore } from './breaker';
import { inFlightOf } from './decide';
import { baselineOf } from './due';
import { backingOff, type OwnGuard, type Question, type World } from './verdict';

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
  'in-flight': (question) =>
    question.facts?.active == null ? 'no run is under way on it' : activeText(question.facts.active, question),
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

function activeText(active: RunRecord, { desired, world }: Question): string {
  const { runId, kind, slot, phase, startedAt } = active;
  const run = `the run ${runId} (${kind}) for ${slotText(slot)} is under way since ${instantText(startedAt)} (${phase})`;
  if (isLeased(active, world.now)) return run;
  return desired.device.connected
    ? `${run}; nobody follows it at the moment, and a controller takes it up`
    : `${run}; its device is not connected, so it is taken up when that connects, or given up an hour after RUN_TIMEOUT`;
}

function waitingText(question: Question): string {
  const { due } = question;
  switch (due.kind) {
    case 'due':
      return `${slotWords(due.slot)} waits${due.slot.kind === 'schedule' ? ` (due since ${instantText(due.dueSince)})` : ''}`;
    case 'expired':
      return `${slotWords(due.slot)} has come`;
    case 'none': {
      const next =
        due.nextSlot === null ? 'its schedule has no slot ahead' : `the next is ${instantText(due.nextSlot)}`;
      return `${settledText(question)}; ${next}${requestText(question)}`;
    }
  }
}

/** Why no slot up to now waits. */
function settledText({ facts, world: { now, limits } }: Question): string {
  const upTo = facts === null ? now : baselineOf(facts);
  if (facts === null || upTo === now) return 'it or its schedule has just been seen for the first time';
  if (upTo > now) return `all slots up to ${instantText(upTo)} are dealt with, as a clock that was ahead wrote down`;
  if (upTo === facts.handledSlot) {
    const isLetGo = limits.startingDeadlineMs !== null && (facts.last === null || facts.last.endedAt < upTo);
    const how = isLetGo ? 'was let go, missed by more than BACKUP_STARTING_DEADLINE' : 'is dealt with';
    return `the last slot, of ${instantText(upTo)}, ${how}`;
  }
  const what = upTo === facts.enabledSince ? 'it was first seen enabled' : 'its schedule or time zone was first seen';
  return `${what} at ${instantText(upTo)}, and no slot has come since`;
}

/** A token that is there still, and asks for nothing any more. */
function requestText({ policy: { request } }: Question): string {
  if (request === null) return '';
  return `. The request "${request.value}" is dealt with, or was there when the device was first seen: a new text asks anew`;
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

function backoffText(question: Question): string {
  const { facts } = question;
  if (facts === null || !(backingOff(question) !== null || hasFailed(facts))) return 'there is no failure to wait for';
  const { failures, retryAt, last } = facts;
  const row = failures > 1 ? `its last ${String(failures)} runs failed` : 'its last run failed';
  return retryAt === null ? row : `${row}; ${waitText(question, retryAt)}${failureText(last?.failure ?? null)}`;
}

function hasFailed({ failures, last }: DeviceFacts): boolean {
  return failures > 0 && last !== null && last.failure !== null;
}

function waitText(question: Question, until: Instant): string {
  if (question.due.kind !== 'due') return 'nothing waits to be tried again';
  if (until <= question.world.now) return `the wait ended at ${instantText(until)}`;
  if (backingOff(question) !== null) return `the next try is after ${instantText(until)}`;
  return `a person who asks anew need not wait until ${instantText(until)}`;
}

function failureText(failure: Failure | null): string {
  return failure === null ? '' : `. ${describeFailure(failure)}`;
}

function targetText({ desired, policy, world }: Question): string {
  const place = placeFor(desired.device, policy);
  const store = storeOf(place);
  if (store === null) return 'its target is on the device itself';
  const gate = gateFor(place, world.stores);
  switch (gate?.kind) {
    case undefined:
    case 'open':
      return 'nothing speaks against it';
    case 'single':
      return 'it failed lately, and one device at a time tries it';
    case 'shut':
      return `${describeHold('target-unavailable')}; ${triedText(gate, troubleOfStore(store, world.facts))}`;
  }
}

function credentialText({ apiRefused, ssh, facts }: World): string {
  if (apiRefused) return 'the API refuses CLI_API_KEY';
  switch (ssh.kind) {
    case 'open':
      return 'neither has been refused';
    case 'single':
      return 'the SSH key was refused or a host key had changed lately, and one device at a time tries it';
    case 'shut':
      return `the SSH key was refused or a host key has changed, and no run goes that way before it works again; ${triedText(ssh, troubleOfSsh(facts))}`;
  }
}

/** When it is tried again, and what failed. */
function triedText({ until }: Extract<Gate, { readonly kind: 'shut' }>, failure: Failure | null): string {
  return `tried again after ${instantText(until)}${failureText(failure)}`;
}

function roomText(world: World): string {
  return `${String(inFlightOf(world))} of ${String(world.limits.maxConcurrentRuns)} runs (MAX_CONCURRENT_RUNS) are under way`;
}
