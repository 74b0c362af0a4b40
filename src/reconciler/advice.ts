import { assertNever } from '../model/assertnever';
import { describeFailure, describeOrigin } from '../model/describe';
import { shortUuidOf } from '../model/device';
import type { DeviceAnswer } from '../model/explanation';
import type { Desire, DesiredDevice, PolicyProblem } from '../model/policy';
import type { DeviceFacts } from '../model/run';
import type { HoldReason } from '../model/verdict';

/** What a person can do about the answer for a device, or that nothing need be done. */
export function adviceFor({ device, desire }: DesiredDevice, { verdict, facts }: DeviceAnswer): string {
  const byHand = `give the tag backupRequest a new text, or run "balena-backup backup ${shortUuidOf(device.uuid)}"`;
  switch (verdict.kind) {
    case 'due':
      return 'Nothing: it starts with the next pass.';
    case 'not-due':
      return `Nothing: it runs at its next slot. To have a backup before, ${byHand}.`;
    case 'not-enabled':
      return enableAdvice(desire, device.fleet.slug);
    case 'rejected':
      return `Correct ${fieldsText(verdict.problems)}; the next pass takes it up, at once with "balena-backup resync".`;
    case 'held':
      return verdict.reason === 'backing-off'
        ? `${lastFailureText(facts)}To try at once, ${byHand}.`
        : HOLD_ADVICE[verdict.reason];
    default:
      return assertNever(verdict);
  }
}

const HOLD_ADVICE: Readonly<Record<Exclude<HoldReason, 'backing-off'>, string>> = {
  'in-flight': 'Nothing: the next run waits until this one has ended, within RUN_TIMEOUT at the latest.',
  'target-unavailable':
    'See that the target is up and its address and credentials are right; "balena-backup resync" has it tried at once.',
  'credential-refused': 'Run "balena-backup doctor", which says what is refused and how to mend it.',
  'api-stale': 'Run "balena-backup doctor", which says whether the API can be reached.',
  offline:
    'Nothing, if it is meant to be off: it runs soon after it connects. Else see that it has power and a network.',
  'at-limit': 'Nothing: it starts as soon as another run has ended. MAX_CONCURRENT_RUNS says how many may run at once.',
};

function enableAdvice(desire: Desire, fleet: string): string {
  if (desire.kind === 'not-enabled' && desire.problem !== null) return 'The reason above says what to write instead.';
  return `To have it backed up, set the tag backupEnabled to true on the device, or on its fleet ${fleet} for all devices of it.`;
}

function fieldsText(problems: readonly PolicyProblem[]): string {
  return [...new Set(problems.map(({ origin }) => describeOrigin(origin)))].join(', ');
}

function lastFailureText(facts: DeviceFacts | null): string {
  const failure = facts?.last?.failure ?? null;
  return failure === null ? '' : `${describeFailure(failure)}. `;
}
