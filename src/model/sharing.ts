import type { Device, Fleet, Tags } from './device';
import { placesIn } from './places';

/**
 * Takes devices of a new answer as they were in the answer before, as far as they say the same: what was made from them
 * still holds, and the memory of a large fleet is taken once. To be given each device as soon as it is read.
 */
export function sharerWith(before: readonly Device[]): (device: Device) => Device {
  const placeOf = placesIn(before, ({ uuid }) => uuid);
  let given = -1;
  const fleets = new Map<number, Fleet>();
  for (const { fleet } of before) fleets.set(fleet.id, fleet);
  return (device) => {
    const fleet = sharedFleet(fleets, device.fleet);
    given += 1;
    const old = before[placeOf(device.uuid, given)];
    if (old === undefined) return { ...device, fleet };
    const tags = hasSameTags(old.tags, device.tags) ? old.tags : device.tags;
    const name = old.name === device.name ? old.name : device.name;
    const isSame = old.tags === tags && old.fleet === fleet && old.name === name && old.connected === device.connected;
    return isSame ? old : { uuid: old.uuid, name, fleet, tags, connected: device.connected };
  };
}

/** The former list where the new one says the very same. */
export function sameList<T>(before: readonly T[], now: readonly T[]): readonly T[] {
  return now.length === before.length && now.every((each, n) => each === before[n]) ? before : now;
}

/** The first of equal fleets stands for all of them. */
function sharedFleet(fleets: Map<number, Fleet>, fleet: Fleet): Fleet {
  const old = fleets.get(fleet.id);
  if (old?.slug === fleet.slug && hasSameTags(old.tags, fleet.tags)) return old;
  fleets.set(fleet.id, fleet);
  return fleet;
}

function hasSameTags(a: Tags, b: Tags): boolean {
  if (a === b) return true;
  if (a.size !== b.size) return false;
  for (const [key, value] of a) if (b.get(key) !== value) return false;
  return true;
}
