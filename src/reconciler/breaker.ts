import { type DeviceUuid, type Instant, instantOf } from '../model/brand';
import type { DeviceFacts, RunRecord } from '../model/run';
import { dispositionOf } from './disposition';
import { PROBE_PAUSE_MS } from './limits';

/**
 * Whether runs may use something that devices share. `single`: it failed, the pause is over, and one device may try it
 * while the others wait.
 */
export type Gate =
  { readonly kind: 'open' } | { readonly kind: 'shut'; readonly until: Instant | null } | { readonly kind: 'single' };

/** What the ledger says of the things that devices share. Everything here is derived: a restart changes nothing. */
export interface Evidence {
  readonly facts: ReadonlyMap<DeviceUuid, DeviceFacts>;
  readonly active: readonly RunRecord[];
  readonly now: Instant;
  /** Failures before it do not count: a person asked for a pass, or the program was started anew. */
  readonly forgiveBefore: Instant;
}

/** Failures that nothing since has proved wrong. */
interface Trouble {
  devices: number;
  failures: number;
  lastAt: Instant;
}

const OPEN: Gate = { kind: 'open' };

/** The server, bucket or host of a target's place: what fails for all devices at once. Null for a device's own disk. */
export function storeOf(place: string): string | null {
  if (place.startsWith('file:')) return null;
  return /^[^:]+:\/\/[^/?#]*/.exec(place)?.[0] ?? place;
}

/** The stores that are not open, by `storeOf`: shut after failures on two devices, or three in a row on one. */
export function storeGates(evidence: Evidence): ReadonlyMap<string, Gate> {
  const troubles = new Map<string, Trouble>();
  for (const fact of evidence.facts.values()) {
    const store = failedStoreOf(fact.last);
    if (store !== null) add(troubles, store, fact);
  }
  const gates = new Map<string, Gate>();
  for (const [store, trouble] of withoutRedeemed(troubles, evidence)) {
    const probing = isProbing(evidence.active, trouble, (run) => storeOf(run.place) === store);
    if (trouble.devices >= 2 || trouble.failures >= 3) gates.set(store, gateOf(trouble, probing, evidence.now));
  }
  return gates;
}

/**
 * Whether the SSH credential may be used. One device that refuses it may be that device's own trouble, so another tries
 * at once; two mean that the credential itself is refused.
 */
export function sshGate(evidence: Evidence): Gate {
  const provenAt = provenAtOf(evidence);
  const troubles = new Map<'ssh', Trouble>();
  for (const fact of evidence.facts.values()) {
    const failed = failureOf(fact.last);
    if (failed?.park === 'ssh' && endOf(fact.last) > provenAt) add(troubles, 'ssh', fact);
  }
  const trouble = troubles.get('ssh');
  if (trouble === undefined) return OPEN;
  const probing = isProbing(evidence.active, trouble, () => true);
  return gateOf(trouble, probing, trouble.devices === 1 ? trouble.lastAt : evidence.now, evidence.now);
}

function gateOf(trouble: Trouble, probing: boolean, now: Instant, at: Instant = now): Gate {
  const until = at === now ? instantOf(trouble.lastAt + PROBE_PAUSE_MS) : now;
  if (at < until) return { kind: 'shut', until };
  return probing ? { kind: 'shut', until: null } : { kind: 'single' };
}
