import { instantOf } from '../../src/model/brand';
import { describeFailure, describeHold, describeProblem } from '../../src/model/describe';
import type { Failure } from '../../src/model/failure';
import { bytesText, durationText, instantText } from '../../src/model/shown';
import { aProblem } from '../support/desired';
import { everyFailure } from '../support/failures';

describe('failures in words', () => {
  it.each(everyFailure.map((failure) => ({ kind: failure.kind, failure })))(
    '$kind says in whole sentences all that the failure holds',
    ({ failure }) => {
      const text = describeFailure(failure);

      expect(text).toMatch(/^[A-Za-z]/);
      expect(text).not.toMatch(/\bnull\b|NaN|\[object|\.\.|: ?\.|\(\)/);
      for (const detail of detailsOf(failure)) expect(text).toContain(detail);
    },
  );

  it.each<{ name: string; failure: Failure; says: RegExp }>([
    {
      name: 'a refused API key',
      failure: { kind: 'auth-rejected', who: 'api', detail: '' },
      says: /^CLI_API_KEY was refused\. Set it/,
    },
    {
      name: 'an API without an answer',
      failure: { kind: 'api-unavailable', status: null, retryAfterMs: null, detail: 'timed out' },
      says: /^The balena API gave no answer: timed out\. See that it can be reached; it is asked again by the next pass$/,
    },
    {
      name: 'a signal',
      failure: {
        kind: 'remote-command-failed',
        exitCode: null,
        signal: 'KILL',
        stderrTail: ' out of memory. ',
        durationMs: 5,
      },
      says: /\(signal KILL after 5 ms\): out of memory\. Its last lines/,
    },
    {
      name: 'a long output, of which the last lines say why',
      failure: {
        kind: 'remote-command-failed',
        exitCode: 1,
        signal: null,
        stderrTail: 'first\nsecond\n\nthird\nfourth\n',
        durationMs: 5,
      },
      says: /5 ms\): second \| third \| fourth\. Its last lines/,
    },
    {
      name: "a full device's disk",
      failure: { kind: 'store-full', where: 'device', freeBytes: null, detail: '' },
      says: /^The device's disk is full\. Free some space on the device/,
    },
  ])('$name', ({ failure, says }) => {
    expect(describeFailure(failure)).toMatch(says);
  });
});

describe('what is said of each kind of failure', () => {
  const cases: readonly (readonly [failure: Failure, says: string])[] = [
    [
      { kind: 'device-unreachable', phase: 'resolve', detail: '' },
      "The device could not be reached (its address or the gateway's was not found). Check that it is online",
    ],
    [
      { kind: 'device-unreachable', phase: 'connect', detail: 'refused.' },
      'The device could not be reached (no connection: refused). Check that it is online',
    ],
    [
      { kind: 'device-unreachable', phase: 'handshake', detail: 'x' },
      'The device could not be reached (the SSH handshake failed: x). Check that it is online',
    ],
    [
      { kind: 'device-unreachable', phase: 'channel', detail: 'x' },
      'The device could not be reached (no shell on it: x). Check that it is online',
    ],
    [
      { kind: 'auth-rejected', who: 'api', detail: 'status 401' },
      'CLI_API_KEY was refused: status 401. Set it to a user API key that is valid and may see the fleets',
    ],
    [
      { kind: 'auth-rejected', who: 'ssh', detail: 'publickey' },
      'The SSH key was refused: publickey. See that the key of this program is among the SSH keys of the balena account, and that the account may reach the device',
    ],
    [
      { kind: 'host-key-changed', host: 'gateway:22', expected: 'SHA256:a', got: 'SHA256:b' },
      'gateway:22 showed the host key SHA256:b instead of SHA256:a, so nothing was sent to it. If the change is known to be right, run "balena-backup accept-host-key gateway:22", or set SSH_GATEWAY_HOST_KEY anew where that is set; else somebody may stand in between',
    ],
    [
      { kind: 'credential-missing', what: "the collector's host key", detail: 'KEYS_DIR is empty' },
      "The run needs the collector's host key, which cannot be had: KEYS_DIR is empty. Put that right",
    ],
    [
      { kind: 'api-unavailable', status: 429, retryAfterMs: 30_000, detail: '' },
      'The balena API answered with status 429. See that it can be reached; it is asked again in 30 s by the next pass',
    ],
    [
      { kind: 'remote-command-failed', exitCode: 23, signal: null, stderrTail: '', durationMs: 5000 },
      'The run on the device failed (exit code 23 after 5 s). Its last lines are in "balena-backup history"',
    ],
    [
      { kind: 'remote-command-failed', exitCode: null, signal: null, stderrTail: '  ', durationMs: 5000 },
      'The run on the device failed. Its last lines are in "balena-backup history"',
    ],
    [
      {
        kind: 'remote-command-failed',
        exitCode: 1,
        signal: null,
        stderrTail: `${'a'.repeat(200)}\r\n \n${'b'.repeat(200)}`,
        durationMs: 5000,
      },
      `The run on the device failed (exit code 1 after 5 s): ${'a'.repeat(97)} | ${'b'.repeat(200)}. Its last lines are in "balena-backup history"`,
    ],
    [
      { kind: 'timed-out', phase: 'the run', limitMs: 43_200_000 },
      'The run took longer than its limit of 12 h, and the device ended it. If it only needs longer, raise RUN_TIMEOUT',
    ],
    [
      { kind: 'timed-out', phase: 'a run without progress', limitMs: 1_800_000 },
      'The run made no progress for 30 min, and the device ended it. If it only needs longer, raise STALL_TIMEOUT',
    ],
    [
      { kind: 'timed-out', phase: 'connecting to gateway', limitMs: 10_000 },
      'The device could not be reached (connecting to gateway took longer than 10 s). Check that it is online, and that nothing in between keeps us out',
    ],
    [
      { kind: 'output-too-large', limitBytes: 1_048_576 },
      'The run wrote more than 1.0 MiB of output and was ended. Ask for less of it, by a lower -v',
    ],
    [
      { kind: 'run-lost', detail: '' },
      'The run is gone from the device without a result. The device may have restarted; a slot is tried again by itself',
    ],
    [{ kind: 'device-busy', runId: '0123' }, 'The device is busy with another run (0123). Wait until that has ended'],
    [
      { kind: 'device-busy', runId: '' },
      'The device is busy with another run (of unknown origin). Wait until that has ended',
    ],
    [{ kind: 'cancelled', by: 'person' }, 'The run was cancelled by a person'],
    [{ kind: 'cancelled', by: 'shutdown' }, 'The run was cancelled by the shutdown of this program'],
    [{ kind: 'cancelled', by: 'superseded' }, 'The run was cancelled by a newer one that took its place'],
    [
      { kind: 'defect', detail: 'oh', stack: null },
      'This program has a defect: oh. Please report it with the lines of the log around this one',
    ],
    [
      { kind: 'integrity-mismatch', expected: '3 volumes', got: '2 volumes' },
      'What is stored is not what was sent: expected 3 volumes, got 2 volumes. The next run stores a full snapshot',
    ],
    [
      { kind: 'chain-broken', detail: 'x' },
      'The chain of snapshots at the target is not whole: x. The next run starts a new chain with a full snapshot',
    ],
    [
      { kind: 'store-full', where: 'target', freeBytes: 2048, detail: 'no space left' },
      'The target is full (2.0 KiB free): no space left. Free some space there, or set BACKUP_KEEP_FULL',
    ],
    [
      { kind: 'store-full', where: 'device', freeBytes: null, detail: '' },
      "The device's disk is full. Free some space on the device",
    ],
    [
      { kind: 'store-unavailable', detail: 'x' },
      'The target could not be used: x. Check that it is up, and that its address and credentials are right',
    ],
    [
      { kind: 'image-unavailable', image: 'i:1', detail: 'x' },
      'The image i:1 could not be pulled, and the device has no copy of it: x. Check DOCKER_IMAGE, and that the device can reach the registry',
    ],
    [
      { kind: 'image-lacking', image: 'i:1', names: ['boto3', 'lftp'] },
      'The image i:1 has no boto3, lftp, which this target needs. Name one that has it in DOCKER_IMAGE; for most targets leaving that out is enough',
    ],
    [
      { kind: 'volume-missing', names: ['data', 'config'] },
      "The device has no volume data, config. Correct backupVolumes, or wait until the fleet's release has made it",
    ],
    [
      { kind: 'volumes-none' },
      'The device has no volume of its fleet, so there is nothing to back up. Take it out with backupEnabled=false, or deploy a release with volumes',
    ],
    [
      { kind: 'volume-emptied', names: ['data'] },
      'The volume data is empty now and was not in the last good run, so nothing was stored. If that is right, run "backup" for the device by hand; else restore it',
    ],
    [
      { kind: 'passphrase-wrong', detail: 'x' },
      'The snapshots at the target are encrypted with another passphrase: x. Set PASSPHRASE back, or start a new chain with BACKUP_PASSPHRASE_CHANGE=new-chain',
    ],
    [
      { kind: 'clock-behind', detail: 'by 3 days' },
      "The device's clock is behind its last snapshot: by 3 days. See that the device can reach its time servers. If its clock is right, it was wrong when that snapshot was made: another folder in backupUrl begins a new chain",
    ],
    [
      { kind: 'clock-ahead', detail: 'it shows 2038-01-19T03:14:07Z' },
      "The device's clock is ahead of this controller's: it shows 2038-01-19T03:14:07Z. Nothing was stored: such a snapshot would be in the way of all later ones until its date. See that the device can reach its time servers, and that this machine's clock is right",
    ],
    [
      { kind: 'not-proven', detail: 'x' },
      'The run ended, but nothing proves that its snapshot is whole: x. It does not count as a success; its last lines are in "balena-backup history"',
    ],
    [{ kind: 'restore-refused', detail: 'a service is locked' }, 'Nothing was restored: a service is locked'],
    [
      { kind: 'restore-failed', state: 'mixture', volumes: ['data', 'b'], detail: 'x' },
      'The restore was cut off: x. The volume data, b holds a mixture of old and new files: run the restore again',
    ],
    [
      { kind: 'restore-failed', state: 'untouched', volumes: [], detail: 'x' },
      'The restore did not come to its end: x. The volumes are as they were',
    ],
    [
      { kind: 'policy-invalid', problems: [aProblem({ message: 'a' }), aProblem({ message: 'b' })] },
      "The policy is not valid: the device's tag backupSchedule: a; the device's tag backupSchedule: b",
    ],
  ];

  it.each(cases)('%j', (failure, says) => {
    expect(describeFailure(failure)).toBe(says);
  });
});

function detailsOf(failure: Failure): readonly string[] {
  if ('detail' in failure) return [failure.detail];
  if ('names' in failure) return failure.names;
  return [];
}

describe('other things in words', () => {
  it.each([
    { origin: { kind: 'default', variable: 'BACKUP_URL' }, says: 'the default of BACKUP_URL: wrong' },
    { origin: { kind: 'environment', variable: 'BACKUP_URL' }, says: 'the variable BACKUP_URL: wrong' },
    { origin: { kind: 'fleet-tag', tag: 'backupUrl' }, says: "the fleet's tag backupUrl: wrong" },
    { origin: { kind: 'device-tag', tag: 'backupUrl' }, says: "the device's tag backupUrl: wrong" },
  ] as const)('a problem: $says', ({ origin, says }) => {
    expect(describeProblem(aProblem({ origin, message: 'wrong' }))).toBe(says);
  });

  it('each reason to wait has its own words', () => {
    const reasons = [
      'in-flight',
      'backing-off',
      'target-unavailable',
      'credential-refused',
      'api-stale',
      'offline',
      'at-limit',
    ] as const;

    expect(new Set(reasons.map(describeHold)).size).toBe(reasons.length);
  });

  it.each([
    { ms: 0, text: '0 ms' },
    { ms: 999, text: '999 ms' },
    { ms: 1000, text: '1 s' },
    { ms: 90_000, text: '1 min 30 s' },
    { ms: 3_600_000, text: '1 h' },
    { ms: 93_600_000, text: '1 d 2 h' },
    { ms: 86_400_000 + 60_000, text: '1 d' },
  ])('a span of $ms ms: $text', ({ ms, text }) => {
    expect(durationText(ms)).toBe(text);
  });

  it.each([
    { bytes: 0, text: '0 bytes' },
    { bytes: 1, text: '1 byte' },
    { bytes: 1023, text: '1023 bytes' },
    { bytes: 1536, text: '1.5 KiB' },
    { bytes: 20 * 1024 ** 3, text: '20 GiB' },
  ])('$bytes bytes: $text', ({ bytes, text }) => {
    expect(bytesText(bytes)).toBe(text);
  });

  it('an instant to the second', () => {
    expect(instantText(instantOf(0))).toBe('1970-01-01T00:00:00Z');
  });
});
