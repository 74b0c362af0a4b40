import { join } from 'node:path';
import { type Account, createAccount, fleetKeyOf } from './balena/account';
import { createFleetApi } from './balena/fleetapi';
import { openHostKeys } from './keys/hostkeys';
import { openKeys, type OpenedKeys } from './keys/keys';
import { createLog, type Log } from './log/log';
import type { EventSink } from './model/event';
import type { HostKeys } from './model/hostkey';
import type { FleetApi, Transport } from './model/ports';
import type { Settings } from './model/settings';
import { createTransport } from './transport/transports';

/** The adapters that the controller and the commands share, joined to each other. */
export interface Joined {
  readonly log: Log;
  readonly emit: EventSink;
  readonly api: FleetApi;
  readonly account: Account;
  readonly keys: OpenedKeys;
  readonly hostKeys: HostKeys;
  readonly transport: Transport;
}

/** Opens nothing yet but the log. */
export function joinAdapters(settings: Settings, log: Log = logOf(settings), stop?: AbortSignal): Joined {
  const signal = stop ?? new AbortController().signal;
  const { emit } = log;
  const api = createFleetApi(settings);
  const keys = openKeys(settings);
  const hostKeys = openHostKeys(join(settings.stateDir, 'known_hosts'));
  const account = createAccount({ api, keys, emit, selfUuid: settings.selfUuid });
  const transport = createTransport(settings, {
    username: () => account.username(signal),
    key: () => fleetKeyOf(keys),
    hostKeys,
    emit: (event) => {
      if (event.event === 'transport.failed' && event.failure.kind === 'auth-rejected') account.doubt();
      emit(event);
    },
  });
  return { log, emit, api, account, keys, hostKeys, transport };
}

function logOf({ logLevel, logFormat, secrets }: Settings): Log {
  return createLog({ level: logLevel, format: logFormat, secrets });
}
