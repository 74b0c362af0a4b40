import type { ActionArgs } from '../model/action';
import type { DeviceUuid, Instant } from '../model/brand';
import { folded } from '../model/folded';
import type { Policy } from '../model/policy';
import type { DeviceFacts, EndedRun } from '../model/run';

/**
 * `full` where a new chain is known to be needed: the last full at this target is too old, or the chain is broken.
 * Otherwise `auto`: Duplicity adds to the chain it finds at the target, also one that this ledger knows nothing of, and
 * begins one where there is none.
 */
export function modeOf(policy: Policy, facts: DeviceFacts | null, now: Instant): ActionArgs['backup']['mode'] {
  if (facts === null) return 'auto';
  return isChainBroken(policy, facts) || isFullTooOld(policy, facts, now) ? 'full' : 'auto';
}

function isChainBroken(policy: Policy, { device, last }: DeviceFacts): boolean {
  if (last?.failure == null || !isAt(last, policy, device)) return false;
  const { kind } = last.failure;
  return kind === 'chain-broken' || kind === 'integrity-mismatch';
}

function isFullTooOld(policy: Policy, { device, lastFull }: DeviceFacts, now: Instant): boolean {
  const { seconds } = policy.fullEvery.value;
  if (lastFull?.snapshotAt == null || !isAt(lastFull, policy, device) || seconds === null) return false;
  return now - lastFull.snapshotAt >= seconds * 1000;
}

function isAt({ place }: EndedRun, { target }: Policy, device: DeviceUuid): boolean {
  return place === folded(target.value.place, device);
}
