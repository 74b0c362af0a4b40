import type { Device } from '../model/device';
import type { DesiredDevice, FoldedPolicy } from '../model/policy';
import type { Sighting } from '../model/ports';

/** The enabled devices as the ledger records them, and those that a problem of their policy keeps from being so. */
export function sightingsOf(desired: readonly DesiredDevice[]): {
  readonly sightings: Iterable<Sighting>;
  readonly rejected: ReadonlySet<Device['uuid']>;
} {
  const rejected = new Set<Device['uuid']>();
  for (const { device, desire } of desired) if (desire.kind === 'rejected') rejected.add(device.uuid);
  // Made one by one: a large fleet's would fill the memory at every pass.
  return { sightings: { [Symbol.iterator]: () => sightingsIn(desired) }, rejected };
}

function* sightingsIn(desired: readonly DesiredDevice[]): Iterator<Sighting> {
  for (const { device, desire } of desired) if (desire.kind === 'enabled') yield sightingOf(device, desire.policy);
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
