import type { Failure, FailureKind } from '../../src/model/failure';
import { aProblem } from './desired';

/** One failure of each kind: a kind that is missing does not compile. */
const examples: { readonly [K in FailureKind]: Extract<Failure, { readonly kind: K }> } = {
  'device-unreachable': { kind: 'device-unreachable', phase: 'connect', detail: 'connection refused' },
  'auth-rejected': { kind: 'auth-rejected', who: 'ssh', detail: 'no method was accepted' },
  'host-key-changed': { kind: 'host-key-changed', host: 'gateway:22', expected: 'SHA256:aaa', got: 'SHA256:bbb' },
  'credential-missing': { kind: 'credential-missing', what: "the collector's host key", detail: 'KEYS_DIR is empty' },
  'api-unavailable': { kind: 'api-unavailable', status: 429, retryAfterMs: 30_000, detail: 'too many requests' },
  'remote-command-failed': {
    kind: 'remote-command-failed',
    exitCode: 23,
    signal: null,
    stderrTail: 'no such option',
    durationMs: 90_000,
  },
  'timed-out': { kind: 'timed-out', phase: 'run', limitMs: 43_200_000 },
  'output-too-large': { kind: 'output-too-large', limitBytes: 1_048_576 },
  'integrity-mismatch': { kind: 'integrity-mismatch', expected: '3 volumes', got: '2 volumes' },
  'chain-broken': { kind: 'chain-broken', detail: 'a set is missing' },
  'store-full': { kind: 'store-full', where: 'target', freeBytes: 2048, detail: 'no space left' },
  'store-unavailable': { kind: 'store-unavailable', detail: 'bucket not found' },
  'image-unavailable': { kind: 'image-unavailable', image: 'example/duplicity:1', detail: 'no such host' },
  'image-lacking': { kind: 'image-lacking', image: 'example/duplicity:1', names: ['boto3'] },
  'volume-missing': { kind: 'volume-missing', names: ['data', 'config'] },
  'volumes-none': { kind: 'volumes-none' },
  'volume-emptied': { kind: 'volume-emptied', names: ['data'] },
  'passphrase-wrong': { kind: 'passphrase-wrong', detail: 'decryption failed' },
  'clock-behind': { kind: 'clock-behind', detail: 'by 3 days' },
  'clock-ahead': { kind: 'clock-ahead', detail: 'it shows 2038-01-19T03:14:07Z' },
  'device-busy': { kind: 'device-busy', runId: '0123456789abcdef0123' },
  'run-lost': { kind: 'run-lost', detail: 'no container of that name' },
  'not-proven': { kind: 'not-proven', detail: 'the set is not in the listing' },
  'restore-refused': { kind: 'restore-refused', detail: 'a service is locked' },
  'restore-failed': { kind: 'restore-failed', state: 'mixture', volumes: ['data'], detail: 'cut off' },
  'policy-invalid': { kind: 'policy-invalid', problems: [aProblem()] },
  cancelled: { kind: 'cancelled', by: 'person' },
  defect: { kind: 'defect', detail: 'undefined is not a function', stack: 'Error\n    at somewhere' },
};

export const everyFailure: readonly Failure[] = Object.values(examples);
