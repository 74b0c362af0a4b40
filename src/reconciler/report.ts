import type { DeviceUuid, Instant } from '../model/brand';
import type { Device } from '../model/device';
import type { DeviceRef, Event } from '../model/event';
import { policyFor } from '../model/folded';
import { placesIn } from '../model/places';
import type { DesiredDevice } from '../model/policy';
import { describePolicy } from '../model/policytext';
import type { DeviceFacts } from '../model/run';
import type { Verdict } from '../model/verdict';
import { type Gate, troubleOfSsh, troubleOfStore } from './breaker';

/** What the passes so far have told people, so that each thing is told once when it changes. */
export interface Told {
  /** What was last said of each device's policy. */
  readonly desired: readonly DesiredDevice[];
  /** Of each of them, in their order. */
  readonly verdicts: readonly Verdict[];
  readonly stores: ReadonlySet<string>;
  readonly sshRefused: boolean;
}

export const NOTHING_TOLD: Told = { desired: [], verdicts: [], stores: new Set(), sshRefused: false };

export interface ReportInput {
  readonly desired: readonly DesiredDevice[];
  readonly verdicts: readonly Verdict[];
  readonly facts: ReadonlyMap<DeviceUuid, DeviceFacts>;
  readonly stores: ReadonlyMap<string, Gate>;
  readonly ssh: Gate;
  readonly now: Instant;
}

/**
 * The events of a pass beside its runs, and what has been told with them. Pure. The events are made one by one as they
 * are asked for: those of a large fleet need not be in memory together.
 */
export function reportOf(told: Told, input: ReportInput): { readonly events: Iterable<Event>; readonly told: Told } {
  const { desired, verdicts } = input;
  const stores = new Set([...input.stores].filter(([, gate]) => gate.kind !== 'open').map(([store]) => store));
  const next = { desired, verdicts, stores, sshRefused: input.ssh.kind !== 'open' };
  return { events: eventsOf(told, next, input), told: next };
}

function* eventsOf(before: Told, now: Told, input: ReportInput): Iterable<Event> {
  yield* policyEvents(before, now);
  yield* holdEvents(before, now);
  yield* goneEvents(before, now);
  yield* storeEvents(before.stores, now.stores, input);
  yield* sshEvents(before.sshRefused, now.sshRefused, input);
}

function* policyEvents(before: Told, now: Told): Iterable<Event> {
  if (before.desired === now.desired) return;
  const placeOf = placesIn(before.desired, uuidOf);
  for (const [at, each] of now.desired.entries()) {
    const old = before.desired[placeOf(each.device.uuid, at)];
    if (old?.desire === each.desire) continue;
    // A device that was never enabled is not news, unless its tag seems to be a mistake.
    if ((old === undefined ? DROPPED : keyOf(old)) !== keyOf(each)) yield policyEvent(each);
  }
}

function uuidOf({ device }: DesiredDevice): DeviceUuid {
  return device.uuid;
}

function* holdEvents(before: Told, { desired, verdicts }: Told): Iterable<Event> {
  const placeOf = placesIn(before.desired, uuidOf);
  for (const [at, { device }] of desired.entries()) {
    const verdict = verdicts[at];
    if (verdict?.kind !== 'held') continue;
    const { reason, until } = verdict;
    const old = before.verdicts[placeOf(device.uuid, at)];
    const changed = (old?.kind !== 'held' || old.reason !== reason) && reason !== 'in-flight';
    yield { event: 'device.held', device: refOf(device), reason, until, changed };
  }
}

const DROPPED = 'not-enabled';

function keyOf({ desire }: DesiredDevice): string {
  switch (desire.kind) {
    case 'enabled':
      return desire.policy.key;
    case 'rejected':
      return `rejected ${desire.problems.map(({ field, message }) => `${field} ${message}`).join('\n')}`;
    case 'not-enabled':
      return desire.problem === null ? DROPPED : `${DROPPED} ${desire.problem.message}`;
  }
}

/** A device whose tag was taken away, or that was removed, is no longer in the API's answer. */
function* goneEvents(before: Told, now: Told): Iterable<Event> {
  if (before.desired === now.desired) return;
  const placeOf = placesIn(now.desired, uuidOf);
  for (const [at, old] of before.desired.entries()) {
    if (placeOf(old.device.uuid, at) >= 0 || keyOf(old) === DROPPED) continue;
    yield { event: 'device.policy.dropped', device: refOf(old.device), problem: null };
  }
}

function policyEvent({ device, desire }: DesiredDevice): Event {
  const ref = refOf(device);
  switch (desire.kind) {
    case 'enabled':
      return {
        event: 'device.policy.accepted',
        device: ref,
        summary: describePolicy(policyFor(device, desire.policy)),
      };
    case 'rejected':
      return { event: 'device.policy.rejected', device: ref, problems: desire.problems };
    case 'not-enabled':
      return { event: 'device.policy.dropped', device: ref, problem: desire.problem };
  }
}

function storeEvents(before: ReadonlySet<string>, shut: ReadonlySet<string>, input: ReportInput): readonly Event[] {
  const failed = [...shut]
    .filter((store) => !before.has(store))
    .flatMap((place): readonly Event[] => {
      const failure = troubleOfStore(place, input.facts);
      const gate = input.stores.get(place);
      const until = gate?.kind === 'shut' ? gate.until : input.now;
      return failure === null ? [] : [{ event: 'target.unavailable', place, failure, until }];
    });
  const recovered = [...before].filter((store) => !shut.has(store));
  return [...failed, ...recovered.map((place): Event => ({ event: 'target.recovered', place }))];
}

function sshEvents(before: boolean, refused: boolean, input: ReportInput): readonly Event[] {
  if (before === refused) return [];
  if (!refused) return [{ event: 'credential.recovered', who: 'ssh' }];
  const failure = troubleOfSsh(input.facts);
  return failure === null ? [] : [{ event: 'credential.refused', who: 'ssh', failure }];
}

function refOf({ uuid, name }: Device): DeviceRef {
  return { uuid, name };
}
