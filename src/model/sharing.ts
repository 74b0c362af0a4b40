import type { Device, Fleet, Tags } from './device';

/**
 * The devices of an answer, with all that is as it was in the answer before taken from there: what was made from it
 * still holds, and the memory of a large fleet is taken once. The very same list where nothing has changed.
 */
export function sharedWith(before: readonly Device[], now: readonly Device[]): readonly Device[] {
  const known = new Map(before.map((device) => [device.uuid, device]));
  const fleets = new Map(before.map(({ fleet }) => [fleet.id, fleet]));
  const shared = now.map((device) => {
    const fleet = sharedFleet(fleets, device.fleet);
    const old = known.get(device.uuid);
    const tags = old !== undefined && hasSameTags(old.tags, device.tags) ? old.tags : device.tags;
    const isSame = old?.tags === tags && old.fleet === fleet && old.name === device.name;
    return isSame && old.connected === device.connected ? old : { ...device, fleet, tags };
  });
  return shared.length === before.length && shared.every((device, n) => device === before[n]) ? before : shared;
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
