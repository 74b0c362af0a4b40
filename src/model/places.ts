import type { DeviceUuid } from './brand';

/**
 * Where in a list a device is; -1 where it is not in it. `near` is its place in a list that is in much the same order, as
 * one answer of the API is to the next: then nothing is looked up, and no index of a large fleet is made.
 */
export function placesIn<T>(
  list: readonly T[],
  uuidOf: (each: T) => DeviceUuid,
): (uuid: DeviceUuid, near: number) => number {
  let index: ReadonlyMap<DeviceUuid, number> | null = null;
  let shift = 0;
  return (uuid, near) => {
    const there = list[near + shift];
    if (there !== undefined && uuidOf(there) === uuid) return near + shift;
    index ??= new Map(list.map((each, at) => [uuidOf(each), at]));
    const at = index.get(uuid) ?? -1;
    if (at >= 0) shift = at - near;
    return at;
  };
}
