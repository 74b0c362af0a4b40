import { assertNever } from '../model/assertnever';
import type { Instant } from '../model/brand';
import type { Failure } from '../model/failure';
import type { RunEnding } from '../model/ports';
import type { Outcome } from '../model/run';
import type { Slot } from '../model/slot';
import { retryAtOf } from './backoff';

/** What a failure means for what happens next. */
export interface Disposition {
  /** `until-change`: the slot is given up, the next slot tries again. `at-once`: the first time only, then like `backoff`. */
  readonly retry: 'backoff' | 'at-once' | 'until-change';
  /** Whether it makes the backoff grow. */
  readonly counts: boolean;
  /**
   * The credential that was refused: no run uses it until it has been seen to work. A host key that has changed counts as
   * refused: a device's own is its own affair, the gateway's is everybody's.
   */
  readonly park: 'ssh' | 'api' | null;
  /** Whether it speaks against the target rather than the device. */
  readonly breaker: 'target' | null;
  /** Whether the run got as far as a shell on the device, which proves the SSH credential. */
  readonly reached: boolean;
}

const onDevice: Disposition = { retry: 'backoff', counts: true, park: null, breaker: null, reached: true };
const onTheWay: Disposition = { ...onDevice, reached: false };
const terminal: Disposition = { ...onDevice, retry: 'until-change' };

/** The one place that says what each kind of failure leads to. */
// eslint-disable-next-line complexity, max-lines-per-function -- one case for each kind is the point: a kind that is forgotten does not compile.
export function dispositionOf(failure: Failure): Disposition {
  switch (failure.kind) {
    case 'device-unreachable':
    case 'credential-missing':
    case 'api-unavailable':
    case 'timed-out':
    case 'defect':
      return onTheWay;
    case 'remote-command-failed':
    case 'integrity-mismatch':
    case 'image-unavailable':
    case 'clock-behind':
    case 'clock-ahead':
    case 'not-proven':
      return onDevice;
    case 'device-busy':
      return { ...onDevice, counts: false };
    case 'chain-broken':
    case 'run-lost':
      return { ...onDevice, retry: 'at-once' };
    case 'auth-rejected':
    case 'host-key-changed':
      return { ...onTheWay, park: failure.kind === 'auth-rejected' ? failure.who : 'ssh' };
    case 'store-full':
      return failure.where === 'target' ? { ...onDevice, breaker: 'target' } : onDevice;
    case 'store-unavailable':
      return { ...onDevice, breaker: 'target' };
    case 'output-too-large':
    case 'restore-refused':
    case 'restore-failed':
    case 'image-lacking':
    case 'volume-missing':
    case 'volumes-none':
    case 'volume-emptied':
    case 'passphrase-wrong':
      return terminal;
    case 'policy-invalid':
      return { ...terminal, reached: false };
    case 'cancelled':
      return { ...onTheWay, counts: false, retry: failure.by === 'person' ? 'until-change' : 'at-once' };
    default:
      return assertNever(failure);
  }
}

export interface EndingQuestion {
  readonly outcome: Exclude<Outcome, { readonly kind: 'detached' }>;
  readonly slot: Slot;
  /** Failures in a row before this run. */
  readonly failures: number;
  readonly now: Instant;
  /** 0 to 1. */
  readonly random: number;
}

/** How the ledger records an outcome. A run by hand is its person's to repeat: it neither retries nor makes others wait. */
export function endingOf({ outcome, slot, failures, now, random }: EndingQuestion): RunEnding {
  const ended = { outcome, endedAt: now };
  if (outcome.kind === 'succeeded' || slot.kind === 'manual') {
    return { ...ended, handled: true, counts: false, retryAt: null };
  }
  const { retry, counts } = dispositionOf(outcome.failure);
  const atOnce = retry === 'at-once' && (failures === 0 || !counts);
  const retryAt = atOnce ? null : retryAtOf(counts ? failures + 1 : failures, now, random);
  return { ...ended, handled: retry === 'until-change', counts, retryAt };
}
