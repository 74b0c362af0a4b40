import { createHash } from 'node:crypto';
import type { Device } from '../model/device';
import type { DesiredDevice, Policy, Resolved } from '../model/policy';
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

function sightingOf({ uuid, name }: Device, policy: Policy): Sighting {
  return {
    device: uuid,
    name,
    scheduleKey: `${policy.schedule.value.pattern} ${policy.schedule.value.timezone}`,
    policyKey: policyKeyOf(policy),
    request: policy.request?.value ?? null,
  };
}

const keys = new WeakMap<Policy, string>();

/** Changes when what is done on the device would; a request is no change of it. A digest, since a URL may hold a password. */
export function policyKeyOf(policy: Policy): string {
  const known = keys.get(policy);
  if (known !== undefined) return known;
  const { target, volumes, schedule, fullEvery, keepFull, bandwidth, address } = policy;
  const fields: readonly (Resolved<unknown> | null)[] = [
    target,
    volumes,
    schedule,
    fullEvery,
    keepFull,
    bandwidth,
    address,
  ];
  const text = JSON.stringify(fields.map((field) => field?.value ?? null));
  const key = createHash('sha256').update(text).digest('hex').slice(0, 32);
  keys.set(policy, key);
  return key;
}
