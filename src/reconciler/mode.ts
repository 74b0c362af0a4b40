import type { ActionArgs } from '../model/action';
import type { Instant } from '../model/brand';
import type { Policy } from '../model/policy';
import type { DeviceFacts } from '../model/run';

/**
 * `full` where a new chain is known to be needed: the last full at this target is too old, or the chain is broken.
 * Otherwise `auto`: Duplicity adds to the chain it finds at the target, also one that this ledger knows nothing of, and
 * begins one where there is none.
 */
export function modeOf(policy: Policy, facts: DeviceFacts | null, now: Instant): ActionArgs['backup']['mode'] {
  if (facts === null) return 'auto';
  return isChainBroken(policy, facts) || isFullTooOld(policy, facts, now) ? 'full' : 'auto';
}

function isChainBroken(policy: Policy, { last }: DeviceFacts): boolean {
  if (last?.outcome?.kind !== 'failed' || last.place !== policy.target.value.place) return false;
  const { kind } = last.outcome.failure;
  return kind === 'chain-broken' || kind === 'integrity-mismatch';
}

function isFullTooOld(policy: Policy, { lastFullAt, lastFullPlace }: DeviceFacts, now: Instant): boolean {
  const { seconds } = policy.fullEvery.value;
  if (lastFullAt === null || lastFullPlace !== policy.target.value.place || seconds === null) return false;
  return now - lastFullAt >= seconds * 1000;
}
