import type { DeviceUuid } from './brand';

export type Tags = ReadonlyMap<string, string>;

export interface Fleet {
  /** balena's numeric application id: the prefix of its volumes' names. */
  readonly id: number;
  /** `organisation/name`. */
  readonly slug: string;
  readonly tags: Tags;
}

/** A device as the API last showed it. */
export interface Device {
  readonly uuid: DeviceUuid;
  readonly name: string;
  readonly fleet: Fleet;
  readonly tags: Tags;
  /** `is_connected_to_vpn`: whether it can be reached through balena's cloud link. */
  readonly connected: boolean;
}

/** The first seven digits, as the balena dashboard shows a UUID. */
export function shortUuidOf(uuid: DeviceUuid): string {
  return uuid.slice(0, 7);
}
