import type { DeviceUuid, Instant } from '../model/brand';
import type { Device } from '../model/device';
import type { DeviceRef, Event } from '../model/event';
import type { Failure } from '../model/failure';
import { policyFor, unfolded } from '../model/folded';
import type { DesiredDevice } from '../model/policy';
import { describePolicy } from '../model/policytext';
import type { DeviceFacts, EndedRun } from '../model/run';
import type { Verdict } from '../model/verdict';
import { type Gate, storeOf } from './breaker';
import { dispositionOf } from './disposition';

/** What the passes so far have told people, so that each thing is told once when it changes. */
export interface Told {
  /** What was last said of each device's policy. */
  readonly policies: ReadonlyMap<DeviceUuid, DesiredDevice>;
  readonly holds: ReadonlyMap<DeviceUuid, string>;
  readonly stores: ReadonlySet<string>;
  readonly sshRefused: boolean;
}

export const NOTHING_TOLD: Told = { policies: new Map(), holds: new Map(), stores: new Set(), sshRefused: false };

export interface ReportInput {
  readonly desired: readonly DesiredDevice[];
  readonly verdicts: ReadonlyMap<DeviceUuid, Verdict>;
  readonly facts: ReadonlyMap<DeviceUuid, DeviceFacts>;
  readonly stores: ReadonlyMap<string, Gate>;
  readonly ssh: Gate;
  readonly now: Instant;
}

/** The events of a pass beside its runs, and what has been told with them. Pure. */
export function reportOf(told: Told, input: ReportInput): { readonly events: readonly Event[]; readonly told: Told } {
  const { policies, events: policyNews } = policyReport(told, input);
  const { holds, events: waits } = holdReport(told, input);
  const shut = new Set([...input.stores].filter(([, gate]) => gate.kind !== 'open').map(([store]) => store));
  const sshRefused = input.ssh.kind !== 'open';
  const shared = [...storeEvents(told.stores, shut, input), ...sshEvents(told.sshRefused, sshRefused, input)];
  return {
    events: [...policyNews, ...waits, ...goneEvents(told, policies), ...shared],
    told: { policies, holds, stores: shut, sshRefused },
  };
}

function policyReport(told: Told, { desired }: ReportInput): Pick<Told, 'policies'> & { events: readonly Event[] } {
  const events: Event[] = [];
  const policies = new Map<DeviceUuid, DesiredDevice>();
  for (const each of desired) {
    const before = told.policies.get(each.device.uuid);
    policies.set(each.device.uuid, each);
    if (before === each) continue;
    // A device that was never enabled is not news, unless its tag seems to be a mistake.
    if ((before === undefined ? DROPPED : keyOf(before)) !== keyOf(each)) events.push(policyEvent(each));
  }
  return { policies, events };
}

function holdReport(
  told: Told,
  { desired, verdicts }: ReportInput,
): Pick<Told, 'holds'> & { events: readonly Event[] } {
  const events: Event[] = [];
  const holds = new Map<DeviceUuid, string>();
  for (const { device } of desired) {
    const verdict = verdicts.get(device.uuid);
    if (verdict?.kind !== 'held') continue;
    const { reason, until } = verdict;
    holds.set(device.uuid, reason);
    const changed = told.holds.get(device.uuid) !== reason && reason !== 'in-flight';
    events.push({ event: 'device.held', device: refOf(device), reason, until, changed });
  }
  return { holds, events };
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
function goneEvents(told: Told, policies: Told['policies']): readonly Event[] {
  const events: Event[] = [];
  for (const [uuid, before] of told.policies) {
    if (policies.has(uuid) || keyOf(before) === DROPPED) continue;
    events.push({ event: 'device.policy.dropped', device: refOf(before.device), problem: null });
  }
  return events;
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
      const failure = lastFailure(
        input,
        ({ device, last }) => last !== null && storeOf(unfolded(last.place, device)) === place,
      );
      const gate = input.stores.get(place);
      const until = gate?.kind === 'shut' ? (gate.until ?? input.now) : input.now;
      return failure === null ? [] : [{ event: 'target.unavailable', place, failure, until }];
    });
  const recovered = [...before].filter((store) => !shut.has(store));
  return [...failed, ...recovered.map((place): Event => ({ event: 'target.recovered', place }))];
}

function sshEvents(before: boolean, refused: boolean, input: ReportInput): readonly Event[] {
  if (before === refused) return [];
  if (!refused) return [{ event: 'credential.recovered', who: 'ssh' }];
  const failure = lastFailure(input, ({ last }) => last?.failure != null && dispositionOf(last.failure).park === 'ssh');
  return failure === null ? [] : [{ event: 'credential.refused', who: 'ssh', failure }];
}

/** The failure of the latest run among the devices of that kind. */
function lastFailure({ facts }: ReportInput, isMeant: (facts: DeviceFacts) => boolean): Failure | null {
  let latest: EndedRun | null = null;
  for (const each of facts.values()) {
    if (each.last?.failure == null || !isMeant(each)) continue;
    if (latest === null || each.last.endedAt > latest.endedAt) latest = each.last;
  }
  return latest?.failure ?? null;
}

function refOf({ uuid, name }: Device): DeviceRef {
  return { uuid, name };
}
