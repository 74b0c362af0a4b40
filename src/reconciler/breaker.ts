import { type DeviceUuid, type Instant, instantOf } from '../model/brand';
import type { Failure } from '../model/failure';
import { unfolded } from '../model/folded';
import type { DeviceFacts, EndedRun, RunRecord } from '../model/run';
import { type Disposition, dispositionOf } from './disposition';
import { PROBE_PAUSE_MS } from './limits';

/**
 * Whether runs may use something that devices share. `single`: it failed, the pause is over, and one device may try it
 * while the others wait for what comes of that, but not for longer than for a failure.
 */
export type Gate =
  { readonly kind: 'open' } | { readonly kind: 'shut'; readonly until: Instant } | { readonly kind: 'single' };

/** What is known of the things that devices share. Gates are derived from it, so that nothing depends on having seen a failure happen. */
export interface Evidence {
  readonly facts: ReadonlyMap<DeviceUuid, DeviceFacts>;
  readonly active: readonly RunRecord[];
  readonly now: Instant;
  /** Failures up to it do not count: the program was started then, or a person asked for a pass. */
  readonly forgiveUntil: Instant;
}

/** Failures that nothing has proved wrong since. */
interface Trouble {
  readonly devices: number;
  /** The most in a row on one device. */
  readonly failures: number;
  readonly lastAt: Instant;
}

/** The server, bucket or host of a target's place: what fails for all devices at once. Null for a device's own disk. */
export function storeOf(place: string): string | null {
  if (place.startsWith('file:')) return null;
  return /^[^:]+:\/\/[^/?#]*/.exec(place)?.[0] ?? place;
}

/** The gate of the store of a place, or null where it is open. */
export function gateFor(place: string, stores: ReadonlyMap<string, Gate>): Gate | null {
  if (stores.size === 0) return null;
  const store = storeOf(place);
  return store === null ? null : (stores.get(store) ?? null);
}

/** The stores that are not open, by `storeOf`: they failed on two devices, or three times in a row on one. */
export function storeGates(evidence: Evidence): ReadonlyMap<string, Gate> {
  const gates = new Map<string, Gate>();
  for (const [store, failed] of failedStores(evidence.facts)) {
    const provenAt = lastSuccessAt(evidence, store);
    const trouble = troubleOf(failed, provenAt, evidence.now);
    if (trouble === null || (trouble.devices < 2 && trouble.failures < 3)) continue;
    const probes = evidence.active.filter((run) => storeOf(run.place) === store);
    gates.set(store, gateOf(trouble, PROBE_PAUSE_MS, probes, evidence.now));
  }
  return gates;
}

/**
 * Whether the SSH credential may be used. One device that refuses it may be that device's own trouble, so another tries
 * at once; two mean that the credential itself is refused.
 */
export function sshGate(evidence: Evidence): Gate {
  const refused: DeviceFacts[] = [];
  for (const fact of evidence.facts.values()) if (dispositionOfLast(fact)?.park === 'ssh') refused.push(fact);
  if (refused.length === 0) return { kind: 'open' };
  const trouble = troubleOf(refused, sshProvenAt(evidence), evidence.now);
  if (trouble === null) return { kind: 'open' };
  const pauseMs = trouble.devices === 1 ? 0 : PROBE_PAUSE_MS;
  return gateOf(trouble, pauseMs, evidence.active, evidence.now);
}

/** The latest failure that speaks against the store, or null. */
export function troubleOfStore(store: string, facts: Evidence['facts']): Failure | null {
  return latestFailure(
    facts,
    ({ breaker }, { place }, device) => breaker === 'target' && storeOf(unfolded(place, device)) === store,
  );
}

/** The latest failure that speaks against the SSH credential, or null. */
export function troubleOfSsh(facts: Evidence['facts']): Failure | null {
  return latestFailure(facts, ({ park }) => park === 'ssh');
}

function latestFailure(
  facts: Evidence['facts'],
  isMeant: (disposition: Disposition, run: EndedRun, device: DeviceUuid) => boolean,
): Failure | null {
  let latest: EndedRun | null = null;
  for (const { last, device } of facts.values()) {
    if (last?.failure == null || !isMeant(dispositionOf(last.failure), last, device)) continue;
    if (latest === null || last.endedAt > latest.endedAt) latest = last;
  }
  return latest?.failure ?? null;
}

function gateOf(trouble: Trouble, pauseMs: number, using: readonly RunRecord[], now: Instant): Gate {
  const until = instantOf(trouble.lastAt + pauseMs);
  if (now < until) return { kind: 'shut', until };
  // A trial may take half a day, or its device may have gone away with it: the whole fleet must not wait for its end.
  const triedUntil = instantOf(triedAt(trouble, using, now) + PROBE_PAUSE_MS);
  return now < triedUntil ? { kind: 'shut', until: triedUntil } : { kind: 'single' };
}

/** When the latest trial since the trouble was begun. */
function triedAt(trouble: Trouble, using: readonly RunRecord[], now: Instant): Instant {
  const trials = using.filter(({ startedAt }) => startedAt >= trouble.lastAt);
  return latestStart(trials, NEVER, now);
}

/** The latest start of these runs up to now, or `before` where none is later than that. */
function latestStart(runs: readonly RunRecord[], before: Instant, now: Instant): Instant {
  return runs.reduce((latest, { startedAt }) => (startedAt > latest && startedAt <= now ? startedAt : latest), before);
}

function failedStores(facts: Evidence['facts']): ReadonlyMap<string, readonly DeviceFacts[]> {
  const failed = new Map<string, DeviceFacts[]>();
  for (const fact of facts.values()) {
    if (fact.last === null || dispositionOfLast(fact)?.breaker !== 'target') continue;
    const store = storeOf(unfolded(fact.last.place, fact.device));
    if (store === null) continue;
    const others = failed.get(store);
    if (others === undefined) failed.set(store, [fact]);
    else others.push(fact);
  }
  return failed;
}

function troubleOf(failed: readonly DeviceFacts[], provenAt: Instant, now: Instant): Trouble | null {
  const standing = failed.filter(({ last }) => endOf(last, now) > provenAt);
  if (standing.length === 0) return null;
  return {
    devices: standing.length,
    failures: standing.reduce((most, { failures }) => Math.max(most, failures), 0),
    lastAt: standing.reduce((latest, { last }) => (endOf(last, now) > latest ? endOf(last, now) : latest), provenAt),
  };
}

function lastSuccessAt({ facts, forgiveUntil, now }: Evidence, store: string): Instant {
  let latest = forgiveUntil;
  for (const { device, lastSuccess } of facts.values()) {
    const at = endOf(lastSuccess, now);
    if (lastSuccess !== null && at > latest && storeOf(unfolded(lastSuccess.place, device)) === store) latest = at;
  }
  return latest;
}

/** A run that got a shell on its device proves the credential, whatever came of it. */
function sshProvenAt({ facts, active, forgiveUntil, now }: Evidence): Instant {
  let latest = forgiveUntil;
  for (const fact of facts.values()) {
    const at = dispositionOfLast(fact)?.reached === false ? endOf(fact.lastSuccess, now) : endOf(fact.last, now);
    if (at > latest) latest = at;
  }
  const arrived = active.filter(({ phase }) => phase !== 'connecting');
  return latestStart(arrived, latest, now);
}

/** Null for a device whose last run succeeded, or that never ran. */
function dispositionOfLast({ last }: DeviceFacts): Disposition | null {
  return last?.failure == null ? null : dispositionOf(last.failure);
}

/** What a clock that was ahead has written proves nothing: it would speak for as long as that clock was ahead. */
function endOf(run: EndedRun | null, now: Instant): Instant {
  return run !== null && run.endedAt <= now ? run.endedAt : NEVER;
}

const NEVER = instantOf(0);
