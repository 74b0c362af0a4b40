import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Either, right } from 'fp-ts/Either';
import { fleetKeyOf } from './balena/account';
import { createFleetApi } from './balena/fleetapi';
import { openHostKeys } from './keys/hostkeys';
import { openKeys } from './keys/keys';
import { keyFoldersOf } from './keys/storedkey';
import type { Device } from './model/device';
import type { Failure } from './model/failure';
import type { HostKeys, ShownHostKey } from './model/hostkey';
import type { FleetApi, Keys } from './model/ports';
import type { Settings, TransportKind } from './model/settings';
import { fingerprintOfLine, shownKey, type TriedLogin, tryLogin } from './transport/probe';
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
  /** The server that a way leads to; null for a way to devices where there is no device. */
  readonly door: (kind: TransportKind, device: Device | null) => Door | null;
}

/** One SSH server. */
export interface Door {
  readonly host: string;
  readonly pinned: ShownHostKey | null;
  readonly remembered: ShownHostKey | null;
  readonly login: (signal: AbortSignal) => Promise<Either<Failure, TriedLogin>>;
  readonly shown: (signal: AbortSignal) => Promise<Either<Failure, ShownHostKey>>;
}

const LIMITS = { resolveMs: 5000, connectMs: 5000, handshakeMs: 6000, loginPausesMs: [] } as const;

export function openDoors(settings: Settings, apiTimeoutMs: number): Doors {
  const api = createFleetApi({ ...settings, timeoutMs: apiTimeoutMs });
  const keys = openKeys(settings);
  const hostKeys = openHostKeys(join(settings.stateDir, 'known_hosts'));
  const { kept } = keyFoldersOf(settings.stateDir);
  let asked: Promise<Either<Failure, string>> | null = null;
  const username = (): Promise<Either<Failure, string>> => (asked ??= api.username(new AbortController().signal));
  const options: WayOptions = {
    username,
    key: () => fleetKeyOf(keys),
    hostKeys,
    emit: () => undefined,
    limits: LIMITS,
  };
  return {
    api,
    keys,
    hostKeys,
    has: (key) => existsSync(join(kept, key)),
    username,
    door: (kind, device) => {
      // The gateway wants no name before it is trusted, so that no API is needed to see its key.
      const own: WayOptions = kind === 'gateway' ? { ...options, username: () => Promise.resolve(right('')) } : options;
      const far = doorOf(kind, device, settings, options);
      if (far === null) return null;
      const { host, pinnedHostKey } = far;
      const known = hostKeys.lookup(host);
      return {
        host,
        pinned: shownAs(pinnedHostKey),
        remembered: shownAs(known),
        login: (signal) => tryLogin(far, options, signal),
        shown: (signal) => shownKey(far, pinnedHostKey ?? known, own, signal),
      };
    },
  };
}

function shownAs(key: string | null): ShownHostKey | null {
  return key === null ? null : { key, fingerprint: fingerprintOfLine(key) };
}
