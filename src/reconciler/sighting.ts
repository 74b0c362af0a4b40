import type { Device } from '../model/device';
import type { DesiredDevice, FoldedPolicy } from '../model/policy';
import type { Sighting } from '../model/ports';

/** The enabled devices as the ledger records them, and those that a problem of their policy keeps from being so. */
export function sightingsOf(desired: readonly DesiredDevice[]): {
  readonly sightings: readonly Sighting[];
  readonly rejected: ReadonlySet<Device['uuid']>;
} {
  const sightings: Sighting[] = [];
  const rejected = new Set<Device['uuid']>();
  for (const { device, desire } of desired) {
    if (desire.kind === 'enabled') sightings.push(sightingOf(device, desire.policy));
    else if (desire.kind === 'rejected') rejected.add(device.uuid);
  }
  return { sightings, rejected };
}

function sightingOf({ uuid, name }: Device, policy: FoldedPolicy): Sighting {
  return {
    device: uuid,
    name,
    scheduleKey: policy.scheduleKey,
    policyKey: policy.key,
    request: policy.request?.value ?? null,
  };
}
