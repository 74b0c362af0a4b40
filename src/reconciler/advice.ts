import { assertNever } from '../model/assertnever';
import { describeFailure, describeOrigin } from '../model/describe';
import type { DeviceUuid } from '../model/brand';
import { shortUuidOf } from '../model/device';
import type { DeviceAnswer } from '../model/explanation';
import type { DesiredDevice, PolicyProblem } from '../model/policy';
import type { DeviceFacts } from '../model/run';
import type { HoldReason } from '../model/verdict';
import { enableAdvice } from './notenabled';

/** What a person can do about the answer for a device, or that nothing need be done. */
export function adviceFor(desired: DesiredDevice, { verdict, facts }: DeviceAnswer): string {
  const byHand = byHandText(desired.device.uuid, facts);
  switch (verdict.kind) {
    case 'due':
      return 'Nothing: it starts with the next pass.';
    case 'not-due':
      return `${restText(facts)} To have a backup before, ${byHand}.`;
    case 'not-enabled':
      return enableAdvice(desired);
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
  'in-flight':
    'Nothing: the next run waits until this one has ended. RUN_TIMEOUT ends it at the latest; where its device stays away, or hangs, it is given up an hour after that.',
  'target-unavailable':
    'See that the target is up and its address and credentials are right; "balena-backup resync" has it tried at once.',
  'credential-refused':
    'Run "balena-backup doctor", which says what is refused and how to mend it; then "balena-backup resync" has it tried at once.',
  'api-stale': 'Run "balena-backup doctor", which says whether the API can be reached.',
  offline:
    'Nothing, if it is meant to be off: it runs soon after it connects. Else see that it has power and a network.',
  'at-limit': 'Nothing: it starts as soon as another run has ended. MAX_CONCURRENT_RUNS says how many may run at once.',
};

function fieldsText(problems: readonly PolicyProblem[]): string {
  return [...new Set(problems.map(({ origin }) => describeOrigin(origin)))].join(', ');
}

function byHandText(device: DeviceUuid, facts: DeviceFacts | null): string {
  const command = `run "balena-backup backup ${shortUuidOf(device)}"`;
  // What speaks against a request too is a person's alone to say.
  const isRefused = facts?.last?.failure?.kind === 'volume-emptied';
  return isRefused ? command : `give the tag backupRequest a new text, or ${command}`;
}

/** A device that waits for its next slot may have given the last one up: that is no reason to do nothing. */
function restText(facts: DeviceFacts | null): string {
  const failed = facts === null || facts.failures === 0 ? '' : lastFailureText(facts);
  return failed === '' ? 'Nothing: it runs at its next slot.' : `${failed}It is tried again at its next slot.`;
}

function lastFailureText(facts: DeviceFacts | null): string {
  const failure = facts?.last?.failure ?? null;
  return failure === null ? '' : `${describeFailure(failure)}. `;
}
