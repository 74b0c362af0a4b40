import { assertNever } from './assertnever';
import { type Failure, type FailureOf, RUN_LIMITS } from './failure';
import type { Origin, PolicyProblem } from './policy';
import { bytesText, durationText } from './shown';
import type { HoldReason } from './verdict';

/** Where a policy field comes from, for people. */
export function describeOrigin(origin: Origin): string {
  switch (origin.kind) {
    case 'default':
      return `the default of ${origin.variable}`;
    case 'environment':
      return `the variable ${origin.variable}`;
    case 'fleet-tag':
      return `the fleet's tag ${origin.tag}`;
    case 'device-tag':
      return `the device's tag ${origin.tag}`;
  }
}

/** What is wrong with one field of a policy, and where it comes from. */
export function describeProblem({ message, origin }: PolicyProblem): string {
  return `${describeOrigin(origin)}: ${message}`;
}

/** Why a device waits. */
export function describeHold(reason: HoldReason): string {
  switch (reason) {
    case 'in-flight':
      return 'it has a run already';
    case 'backing-off':
      return 'its last run failed, and it waits before the next try';
    case 'target-unavailable':
      return 'runs to its target failed lately, and others wait until one has got through';
    case 'credential-refused':
      return 'our API key or SSH key was refused or a host key has changed, and nothing is started before that works again';
    case 'api-stale':
      return "the balena API has not answered lately, so the device's tags may be old";
    case 'offline':
      return 'it is not connected to balena; it runs soon after it connects';
    case 'at-limit':
      return 'as many runs as MAX_CONCURRENT_RUNS allows are under way';
  }
}

/** What happened, why, and what to do, in one to three sentences. Holds no secret: a failure's texts are scrubbed. */
// eslint-disable-next-line complexity -- one case for each kind is the point: a kind that is forgotten does not compile.
export function describeFailure(failure: Failure): string {
  switch (failure.kind) {
    case 'device-unreachable':
    case 'auth-rejected':
    case 'host-key-changed':
    case 'credential-missing':
    case 'api-unavailable':
      return describeAccess(failure);
    case 'remote-command-failed':
    case 'timed-out':
    case 'output-too-large':
    case 'run-lost':
    case 'device-busy':
    case 'cancelled':
    case 'defect':
      return describeCourse(failure);
    case 'integrity-mismatch':
    case 'chain-broken':
    case 'store-full':
    case 'store-unavailable':
    case 'image-unavailable':
    case 'image-lacking':
    case 'volume-missing':
    case 'volumes-none':
    case 'volume-emptied':
    case 'passphrase-wrong':
    case 'clock-behind':
    case 'clock-ahead':
    case 'not-proven':
    case 'restore-refused':
    case 'restore-failed':
    case 'policy-invalid':
      return describeBackup(failure);
    default:
      return assertNever(failure);
  }
}

type Access = FailureOf<
  'device-unreachable' | 'auth-rejected' | 'host-key-changed' | 'credential-missing' | 'api-unavailable'
>;
type Course = FailureOf<
  'remote-command-failed' | 'timed-out' | 'output-too-large' | 'run-lost' | 'device-busy' | 'cancelled' | 'defect'
>;
type Backup = Exclude<Failure, Access | Course>;

function describeAccess(failure: Access): string {
  switch (failure.kind) {
    case 'device-unreachable':
      return `The device could not be reached (${PHASES[failure.phase]}${because(failure.detail)}). Check that it is online`;
    case 'auth-rejected':
      return describeRefusal(failure);
    case 'host-key-changed':
      return `${failure.host} showed the host key ${failure.got} instead of ${failure.expected}, so nothing was sent to it. If the change is known to be right, run "balena-backup accept-host-key ${failure.host}", or set SSH_GATEWAY_HOST_KEY anew where that is set; else somebody may stand in between`;
    case 'credential-missing':
      return `The run needs ${failure.what}, which cannot be had${because(failure.detail)}. Put that right`;
    case 'api-unavailable':
      return describeApi(failure);
    default:
      return assertNever(failure);
  }
}

const PHASES: Readonly<Record<FailureOf<'device-unreachable'>['phase'], string>> = {
  resolve: "its address or the gateway's was not found",
  connect: 'no connection',
  handshake: 'the SSH handshake failed',
  channel: 'no shell on it',
};

function describeRefusal({ who, detail }: FailureOf<'auth-rejected'>): string {
  if (who === 'api') {
    return `CLI_API_KEY was refused${because(detail)}. Set it to a user API key that is valid and may see the fleets`;
  }
  return `The SSH key was refused${because(detail)}. See that the key of this program is among the SSH keys of the balena account, and that the account may reach the device`;
}

function describeApi({ status, retryAfterMs, detail }: FailureOf<'api-unavailable'>): string {
  const answer = status === null ? 'gave no answer' : `answered with status ${String(status)}`;
  const again = `See that it can be reached; it is asked again${retryAfterMs === null ? '' : ` in ${durationText(retryAfterMs)}`} by the next pass`;
  return `The balena API ${answer}${because(detail)}. ${again}`;
}

function describeCourse(failure: Course): string {
  switch (failure.kind) {
    case 'remote-command-failed':
      return `The run on the device failed${exitText(failure)}${because(lastLines(failure.stderrTail))}. Its last lines are in "balena-backup history"`;
    case 'timed-out':
      return describeLimit(failure);
    case 'output-too-large':
      return `The run wrote more than ${bytesText(failure.limitBytes)} of output and was ended. Ask for less of it, by a lower -v`;
    case 'run-lost':
      return `The run is gone from the device without a result${because(failure.detail)}. The device may have restarted; a slot is tried again by itself`;
    case 'device-busy':
      return `The device is busy with another run (${failure.runId || 'of unknown origin'}). Wait until that has ended`;
    case 'cancelled':
      return `The run was cancelled by ${CANCELLERS[failure.by]}`;
    case 'defect':
      return `This program has a defect${because(failure.detail)}. Please report it with the lines of the log around this one`;
    default:
      return assertNever(failure);
  }
}

/** Only a run's own limits are anybody's to raise. */
function describeLimit({ phase, limitMs }: FailureOf<'timed-out'>): string {
  const limit = durationText(limitMs);
  switch (phase) {
    case RUN_LIMITS.run:
      return `The run took longer than its limit of ${limit}, and the device ended it. If it only needs longer, raise RUN_TIMEOUT`;
    case RUN_LIMITS.stall:
      return `The run made no progress for ${limit}, and the device ended it. If it only needs longer, raise STALL_TIMEOUT`;
    default:
      return `The device could not be reached (${phase} took longer than ${limit}). Check that it is online, and that nothing in between keeps us out`;
  }
}

const CANCELLERS: Readonly<Record<FailureOf<'cancelled'>['by'], string>> = {
  shutdown: 'the shutdown of this program',
  superseded: 'a newer one that took its place',
  person: 'a person',
};

/** Empty for what never began. */
function exitText({ exitCode, signal, durationMs }: FailureOf<'remote-command-failed'>): string {
  if (signal === null && exitCode === null) return '';
  const how = signal === null ? `exit code ${String(exitCode)}` : `signal ${signal}`;
  return ` (${how} after ${durationText(durationMs)})`;
}

// eslint-disable-next-line complexity -- as above.
function describeBackup(failure: Backup): string {
  switch (failure.kind) {
    case 'integrity-mismatch':
      return `What is stored is not what was sent: expected ${failure.expected}, got ${failure.got}. The next run stores a full snapshot`;
    case 'chain-broken':
      return `The chain of snapshots at the target is not whole${because(failure.detail)}. The next run starts a new chain with a full snapshot`;
    case 'store-full':
      return describeFull(failure);
    case 'store-unavailable':
      return `The target could not be used${because(failure.detail)}. Check that it is up, and that its address and credentials are right`;
    case 'image-unavailable':
      return `The image ${failure.image} could not be pulled, and the device has no copy of it${because(failure.detail)}. Check DOCKER_IMAGE, and that the device can reach the registry`;
    case 'image-lacking':
      return `The image ${failure.image} has no ${list(failure.names)}, which this target needs. Name one that has it in DOCKER_IMAGE; for most targets leaving that out is enough`;
    case 'volume-missing':
      return `The device has no volume ${list(failure.names)}. Correct backupVolumes, or wait until the fleet's release has made it`;
    case 'volumes-none':
      return 'The device has no volume of its fleet, so there is nothing to back up. Take it out with backupEnabled=false, or deploy a release with volumes';
    case 'volume-emptied':
      return `The volume ${list(failure.names)} is empty now and was not in the last good run, so nothing was stored. If that is right, run "backup" for the device by hand; else restore it`;
    case 'passphrase-wrong':
      return `The snapshots at the target are encrypted with another passphrase${because(failure.detail)}. Set PASSPHRASE back, or start a new chain with BACKUP_PASSPHRASE_CHANGE=new-chain`;
    case 'clock-behind':
      return `The device's clock is behind its last snapshot${because(failure.detail)}. See that the device can reach its time servers. If its clock is right, it was wrong when that snapshot was made: another folder in backupUrl begins a new chain`;
    case 'clock-ahead':
      return `The device's clock is ahead of this controller's${because(failure.detail)}. Nothing was stored: such a snapshot would be in the way of all later ones until its date. See that the device can reach its time servers, and that this machine's clock is right`;
    case 'not-proven':
      return `The run ended, but nothing proves that its snapshot is whole${because(failure.detail)}. It does not count as a success; its last lines are in "balena-backup history"`;
    case 'restore-refused':
      return `Nothing was restored: ${failure.detail}`;
    case 'restore-failed':
      return describeRestore(failure);
    case 'policy-invalid':
      return `The policy is not valid: ${failure.problems.map(describeProblem).join('; ')}`;
    default:
      return assertNever(failure);
  }
}

function describeRestore({ state, volumes, detail }: FailureOf<'restore-failed'>): string {
  if (state === 'untouched')
    return `The restore did not come to its end${because(detail)}. The volumes are as they were`;
  return `The restore was cut off${because(detail)}. The volume ${list(volumes)} holds a mixture of old and new files: run the restore again`;
}

function describeFull({ where, freeBytes, detail }: FailureOf<'store-full'>): string {
  const free = freeBytes === null ? '' : ` (${bytesText(freeBytes)} free)`;
  const place = where === 'device' ? "The device's disk" : 'The target';
  const todo = where === 'device' ? 'Free some space on the device' : 'Free some space there, or set BACKUP_KEEP_FULL';
  return `${place} is full${free}${because(detail)}. ${todo}`;
}

function because(detail: string): string {
  const text = detail.trim().replace(/\.$/, '');
  return text === '' ? '' : `: ${text}`;
}

/** The last words of an output, on one line. */
function lastLines(text: string): string {
  const lines = text.split(/[\r\n]+/).filter((line) => line.trim() !== '');
  return lines.slice(-3).join(' | ').slice(-300);
}

function list(names: readonly string[]): string {
  return names.join(', ');
}
