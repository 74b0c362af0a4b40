import type { DeviceUuid, Instant, RunId } from '../model/brand';
import type { Device } from '../model/device';
import type { DesiredDevice } from '../model/policy';
import type { Ledger } from '../model/ports';
import type { RunRecord } from '../model/run';
import { type Adoption, type AdoptionQuestion, planAdoption } from './adoption';
import { sshGate, storeGates } from './breaker';
import { decide, type Decision, type DecisionInput } from './decide';
import type { Clock, Limits } from './limits';
import { sightingsOf } from './sighting';
import type { SlotBook } from './slotbook';

export interface LookTools {
  readonly ledger: Pick<Ledger, 'see' | 'facts' | 'active' | 'remaining'>;
  readonly resolve: (devices: readonly Device[]) => readonly DesiredDevice[];
  readonly limits: Limits;
  readonly runTimeoutMs: number;
  readonly slots: SlotBook;
  readonly followed: () => ReadonlyMap<RunId, DeviceUuid>;
  /** The devices of those that are over, but for their containers. */
  readonly clearing: () => ReadonlySet<DeviceUuid>;
  readonly clock: Clock;
}

/** The fleet as the API last showed it. */
export interface ShownFleet {
  readonly devices: readonly Device[];
  readonly isStale: boolean;
  readonly isRefused: boolean;
}

/** What was seen at one moment, and what it leads to. */
export interface Look {
  readonly input: DecisionInput;
  readonly decision: Decision;
  readonly active: readonly RunRecord[];
  readonly adoption: Adoption;
}

/**
 * Compares the fleet with the ledger and decides, and records in the ledger what it saw. A pass looks and then acts; a
 * plan looks by a copy of the ledger and then tells: so it says what the pass would do.
 */
export function createLook(tools: LookTools): (fleet: ShownFleet, forgiveUntil: Instant) => Look {
  let resolved: { readonly devices: readonly Device[]; readonly desired: readonly DesiredDevice[] } | null = null;

  /** The same answer of the API always asks for the same. */
  function desiredOf(devices: readonly Device[]): readonly DesiredDevice[] {
    if (resolved?.devices !== devices) resolved = { devices, desired: tools.resolve(devices) };
    return resolved.desired;
  }

  return (fleet, forgiveUntil) => {
    const { ledger, clock, limits, slots, followed, clearing } = tools;
    const desired = desiredOf(fleet.devices);
    const { sightings, rejected } = sightingsOf(desired);
    ledger.see(sightings, clock.now(), rejected);
    const [facts, active, now] = [ledger.facts(), ledger.active(), clock.now()];
    const evidence = { facts, active, now, forgiveUntil };
    const adoption = adoptionOf(tools, fleet.devices, { active, remaining: ledger.remaining(), now });
    const working = new Set(active.map(({ device }) => device));
    const input: DecisionInput = {
      desired,
      now,
      limits,
      slots,
      facts,
      // A container whose result is known still has the name on its device until it is removed.
      inFlight: new Set([...working, ...followed().values()]),
      placeless: adoption.away + [...clearing()].filter((device) => !working.has(device)).length,
      stores: storeGates(evidence),
      ssh: sshGate(evidence),
      apiRefused: fleet.isRefused,
      apiStale: fleet.isStale,
    };
    return { input, decision: decide(input), active, adoption };
  };
}

function adoptionOf(
  { followed, runTimeoutMs }: LookTools,
  devices: readonly Device[],
  runs: Pick<AdoptionQuestion, 'active' | 'remaining' | 'now'>,
): Adoption {
  const wanted = new Set([...runs.active, ...runs.remaining].map(({ device }) => device));
  const byUuid = new Map<DeviceUuid, Device>();
  if (wanted.size > 0) for (const device of devices) if (wanted.has(device.uuid)) byUuid.set(device.uuid, device);
  return planAdoption({ ...runs, followed: followed(), devices: byUuid, runTimeoutMs });
}
