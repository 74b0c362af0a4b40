import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Either, map, right } from 'fp-ts/Either';
import { createFleetApi } from './balena/fleetapi';
import { openHostKeys } from './keys/hostkeys';
import { openKeys } from './keys/keys';
import { keyFoldersOf } from './keys/storedkey';
import type { Device } from './model/device';
import type { Failure } from './model/failure';
import type { HostKeys, ShownHostKey } from './model/hostkey';
import type { FleetApi, Keys } from './model/ports';
import type { Settings, TransportKind } from './model/settings';
import { shownKey, type TriedLogin, tryLogin } from './transport/probe';
import { doorOf } from './transport/transports';
import type { WayOptions } from './transport/way';

/** The SSH servers on the ways to devices, to look at rather than to go through: nothing is remembered or registered. */
export interface Doors {
  readonly api: FleetApi;
  readonly keys: Keys;
  readonly hostKeys: HostKeys;
  /** Whether our key of that name is there: asking for one that is not would make it. */
  readonly has: (key: 'fleet' | 'ca') => boolean;
  readonly username: () => Promise<Either<Failure, string>>;
  /** Null for a way to devices where there is no device. */
  readonly login: (
    kind: TransportKind,
    device: Device | null,
    signal: AbortSignal,
  ) => Promise<Either<Failure, TriedLogin & { readonly host: string }> | null>;
  readonly shown: (
    kind: TransportKind,
    device: Device | null,
    signal: AbortSignal,
  ) => Promise<Either<Failure, ShownHostKey> | null>;
}

const LIMITS = { resolveMs: 5000, connectMs: 5000, handshakeMs: 6000, loginPausesMs: [] } as const;

export function openDoors(settings: Settings, apiTimeoutMs: number): Doors {
  const api = createFleetApi({ ...settings, timeoutMs: apiTimeoutMs });
  const keys = openKeys(settings);
  const hostKeys = openHostKeys(join(settings.stateDir, 'known_hosts'));
  const { kept } = keyFoldersOf(settings.stateDir);
  let asked: Promise<Either<Failure, string>> | null = null;
  const username = (): Promise<Either<Failure, string>> => (asked ??= api.username(new AbortController().signal));
  const options: WayOptions = { username, key: () => keys.fleetKey(), hostKeys, emit: () => undefined, limits: LIMITS };
  return {
    api,
    keys,
    hostKeys,
    has: (key) => existsSync(join(kept, key)),
    username,
    login: async (kind, device, signal) => {
      const door = doorOf(kind, device, settings, options);
      if (door === null) return null;
      const tried = await tryLogin(door, options, signal);
      return map((login: TriedLogin) => ({ host: door.host, ...login }))(tried);
    },
    shown: async (kind, device, signal) => {
      // The gateway itself wants no name before it is trusted, so that no API is needed for it.
      const own: WayOptions = kind === 'gateway' ? { ...options, username: () => Promise.resolve(right('')) } : options;
      const door = doorOf(kind, device, settings, own);
      return door === null ? null : shownKey(door, door.pinnedHostKey ?? hostKeys.lookup(door.host), own, signal);
    },
  };
}
