import { type DeviceUuid, type Instant, instantOf, type RunId } from '../model/brand';
import type { Device } from '../model/device';
import type { EventSink } from '../model/event';
import type { DesiredDevice } from '../model/policy';
import type { Ledger } from '../model/ports';
import type { DeviceFacts, RunRecord } from '../model/run';
import { slotText } from '../model/slot';
import { type Adoption, planAdoption } from './adoption';
import { sshGate, storeGates } from './breaker';
import type { Work } from './conduct';
import { decide, type Decision, type DecisionInput } from './decide';
import type { Cause, FleetReader, FleetView } from './fleetview';
import type { Clock, Limits } from './limits';
import { NOTHING_TOLD, reportOf, type Told } from './report';
import { sightingsOf } from './sighting';
import type { SlotBook } from './slotbook';

export interface PassTools {
  readonly fleet: Pick<FleetReader, 'view'>;
  readonly ledger: Pick<Ledger, 'see' | 'facts' | 'active' | 'skip'>;
  readonly resolve: (devices: readonly Device[]) => readonly DesiredDevice[];
  readonly limits: Limits;
  readonly runTimeoutMs: number;
  readonly slots: SlotBook;
  readonly followed: () => ReadonlyMap<RunId, DeviceUuid>;
  readonly clock: Clock;
  readonly emit: EventSink;
}

/** What a pass found to do, and when to look again if nothing new comes. */
export interface PassAnswer {
  readonly work: readonly Work[];
  readonly wakeAt: Instant | null;
}

export type Pass = (cause: Cause, signal: AbortSignal) => Promise<PassAnswer>;

/** Passes over the fleet, one after another: each compares what is asked for with what is, and says what to do. */
export function createPass(tools: PassTools): Pass {
  const passes = new Passes(tools);
  return (cause, signal) => passes.make(cause, signal);
}

/** Everything that one pass saw at one moment. */
interface Seen {
  readonly view: FleetView;
  readonly desired: readonly DesiredDevice[];
  readonly facts: ReadonlyMap<DeviceUuid, DeviceFacts>;
  readonly active: readonly RunRecord[];
  readonly now: Instant;
}

class Passes {
  readonly #tools: PassTools;
  #forgiveUntil: Instant;
  #told: Told = NOTHING_TOLD;
  #resolved: { readonly devices: readonly Device[]; readonly desired: readonly DesiredDevice[] } | null = null;

  public constructor(tools: PassTools) {
    this.#tools = tools;
    this.#forgiveUntil = tools.clock.now();
  }

  public async make(cause: Cause, signal: AbortSignal): Promise<PassAnswer> {
    const { clock, emit, fleet } = this.#tools;
    const begunAt = clock.now();
    // A person who asks for a pass has put something right: shared trouble is tried again at once.
    if (cause === 'signal') this.#forgiveUntil = begunAt;
    emit({ event: 'reconcile.started', cause });
    const view = await fleet.view(cause, begunAt, signal);
    if (view.devices === null) return { work: [], wakeAt: view.retryAt };
    const seen = this.#see(view, view.devices);
    const input = this.#inputOf(seen);
    const decision = decide(input);
    this.#skip(decision, seen);
    const adoption = this.#adoptionOf(seen, view.devices);
    this.#report(input, decision);
    const wakeAt = earliest([decision.wakeAt, adoption.wakeAt, view.retryAt]);
    emit({ event: 'reconcile.finished', cause, ...countsOf(decision), durationMs: clock.now() - begunAt, wakeAt });
    return { work: workOf(decision, adoption, seen.facts), wakeAt };
  }

  #see(view: FleetView, devices: readonly Device[]): Seen {
    const { ledger, clock } = this.#tools;
    const desired = this.#desiredOf(devices);
    const { sightings, rejected } = sightingsOf(desired);
    ledger.see(sightings, clock.now(), rejected);
    return { view, desired, facts: ledger.facts(), active: ledger.active(), now: clock.now() };
  }

  /** The same answer of the API always asks for the same. */
  #desiredOf(devices: readonly Device[]): readonly DesiredDevice[] {
    if (this.#resolved?.devices !== devices) this.#resolved = { devices, desired: this.#tools.resolve(devices) };
    return this.#resolved.desired;
  }

  #inputOf({ view, desired, facts, active, now }: Seen): DecisionInput {
    const { limits, slots, followed } = this.#tools;
    const evidence = { facts, active, now, forgiveUntil: this.#forgiveUntil };
    return {
      desired,
      now,
      limits,
      slots,
      facts,
      // A container whose result is known still has the name on its device until it is removed.
      inFlight: new Set([...active.map(({ device }) => device), ...followed().values()]),
      stores: storeGates(evidence),
      ssh: sshGate(evidence),
      apiRefused: view.isRefused,
      apiStale: view.isStale,
    };
  }

  #skip({ skips }: Decision, { desired }: Seen): void {
    if (skips.length === 0) return;
    const names = new Map(desired.map(({ device }) => [device.uuid, device.name]));
    for (const { device, slot, missed } of skips) {
      this.#tools.ledger.skip(device, slot);
      const ref = { uuid: device, name: names.get(device) ?? '' };
      this.#tools.emit({ event: 'slot.missed', device: ref, slot: slotText(slot), count: missed });
    }
  }

  #adoptionOf({ active, now }: Seen, devices: readonly Device[]): Adoption {
    const { followed, runTimeoutMs } = this.#tools;
    const byUuid = new Map(devices.map((device) => [device.uuid, device]));
    return planAdoption({ active, followed: followed(), devices: byUuid, now, runTimeoutMs });
  }

  #report(input: DecisionInput, { verdicts }: Decision): void {
    const { events, told } = reportOf(this.#told, { ...input, verdicts });
    this.#told = told;
    for (const event of events) this.#tools.emit(event);
  }
}

function workOf(
  { actions }: Decision,
  { adopt, lost }: Adoption,
  facts: ReadonlyMap<DeviceUuid, DeviceFacts>,
): readonly Work[] {
  const known = (device: DeviceUuid): DeviceFacts | null => facts.get(device) ?? null;
  return [
    ...lost.map((run): Work => ({ kind: 'lose', run, facts: known(run.device) })),
    ...adopt.map(({ run, device }): Work => ({ kind: 'adopt', run, device, facts: known(run.device) })),
    ...actions.map((action): Work => ({ kind: 'start', action, facts: known(action.device.uuid) })),
  ];
}

interface Counts {
  devices: number;
  due: number;
  held: number;
  rejected: number;
  notDue: number;
  notEnabled: number;
}

function countsOf({ verdicts }: Decision): Readonly<Counts> {
  const counts: Counts = { devices: verdicts.size, due: 0, held: 0, rejected: 0, notDue: 0, notEnabled: 0 };
  for (const { kind } of verdicts.values()) counts[COUNTED[kind]] += 1;
  return counts;
}

const COUNTED = {
  due: 'due',
  held: 'held',
  rejected: 'rejected',
  'not-due': 'notDue',
  'not-enabled': 'notEnabled',
} as const;

function earliest(instants: readonly (Instant | null)[]): Instant | null {
  const known = instants.filter((at) => at !== null);
  return known.length === 0 ? null : instantOf(Math.min(...known));
}
