import type { ActionOf } from '../model/action';
import type { DeviceRef } from '../model/event';
import { describeFailure, describeOrigin } from '../model/describe';
import type { DeviceAnswer, Outlook } from '../model/explanation';
import type { PolicyProblem } from '../model/policy';
import { slotText } from '../model/slot';
import type { Verdict } from '../model/verdict';
import { instantJson } from './output';

/** What a person should know beside what was asked for. */
export function noticesOf({ isControlled, unreadable, seen }: Outlook): readonly string[] {
  return [
    ...(seen.kind === 'ledger' ? [`${describeFailure(seen.failure)}. The ledger alone answers here.`] : []),
    ...unreadable.map(({ what, problem }) => `The API's row of ${what} cannot be read and is left out: ${problem}.`),
    ...(isControlled
      ? []
      : ['No controller runs on this STATE_DIR: nothing is started before one is, by "balena-backup run".']),
  ];
}

/** The same for programs: the keys that every answer about the fleet begins with. */
export function noticesJson({ at, isControlled, unreadable, seen }: Outlook): Readonly<Record<string, unknown>> {
  return {
    at: instantJson(at),
    controllerRunning: isControlled,
    apiProblem: seen.kind === 'ledger' ? describeFailure(seen.failure) : null,
    unreadable,
  };
}

/** How a table names a verdict. */
export function verdictText(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'held':
      return `held: ${verdict.reason}`;
    case 'not-due':
      return 'not due';
    case 'not-enabled':
      return 'not enabled';
    case 'due':
    case 'rejected':
      return verdict.kind;
  }
}

/** One device's answer for programs. Every key is always there. */
export function answerJson({ device, verdict, words, nextSlot }: DeviceAnswer): Readonly<Record<string, unknown>> {
  return {
    ...deviceJson(device),
    fleet: device.fleet.slug,
    connected: device.connected,
    verdict: verdict.kind,
    reason: verdict.kind === 'held' ? verdict.reason : null,
    until: verdict.kind === 'held' ? instantJson(verdict.until) : null,
    ...actionJson(verdict.kind === 'due' ? verdict.action : null),
    nextSlot: instantJson(nextSlot),
    problems: verdict.kind === 'rejected' ? verdict.problems.map(problemJson) : [],
    words,
  };
}

function actionJson(action: ActionOf<'backup'> | null): Readonly<Record<string, unknown>> {
  if (action === null) return { slot: null, dueSince: null, mode: null, attempt: null };
  const { slot, dueSince, mode, attempt } = action;
  return { slot: slotText(slot), dueSince: instantJson(dueSince), mode, attempt };
}

/** Which device it is, for programs. */
export function deviceJson({ uuid, name }: DeviceRef): Readonly<Record<string, unknown>> {
  return { uuid, name };
}

function problemJson({ field, origin, message }: PolicyProblem): Readonly<Record<string, unknown>> {
  return { field, origin: describeOrigin(origin), message };
}
