import { type Either, isLeft, left, map, right } from 'fp-ts/Either';
import { acceptHostKey } from './commands/accepthostkey';
import { passphrase } from './commands/passphrase';
import { type Refusal, refuse } from './commands/refusal';
import { parseHostPort } from './configread';
import { type Door, type Doors, openDoors } from './doors';
import { knownDevice } from './inquiries';
import { DEVICE_SSH_PORT } from './model/address';
import { DeviceUuid } from './model/brand';
import { describeFailure } from './model/describe';
import type { Device } from './model/device';
import { passphraseOf } from './model/passphrase';
import { quoted } from './model/quote';
import type { Settings } from './model/settings';
import type { Perform } from './perform';

const API_TIMEOUT_MS = 20_000;
const LIMIT_MS = 30_000;

/** The passphrase of a device; the API is only asked where neither the whole UUID is given nor the ledger knows the device. */
export const performPassphrase: Perform = ({ words }, settings, terminal) => {
  const [meant = ''] = words;
  const whole = meant.toLowerCase();
  return passphrase({
    device: async () =>
      DeviceUuid.is(whole)
        ? right(whole)
        : map(({ uuid }: Pick<Device, 'uuid'>) => uuid)(await knownDevice(meant, settings)),
    passphraseOf: (device) => passphraseOf(settings, device),
    terminal,
  });
};

/** Forgets the key that is remembered of a server for the one that it shows now. */
export const performAccept: Perform = async ({ words, flags }, settings, terminal) => {
  const [typed = ''] = words;
  const doors = openDoors(settings, API_TIMEOUT_MS);
  const door = await doorMeant(typed, settings, doors);
  if (isLeft(door)) return refuse(door.left, terminal);
  const { host, pinned, remembered, shown } = door.right;
  return acceptHostKey({
    host,
    pinned,
    remembered,
    shown: () => shown(AbortSignal.timeout(LIMIT_MS)),
    remember: (key) => {
      doors.hostKeys.remember(host, key);
    },
    isSure: flags.has('yes'),
    terminal,
  });
};

/** Servers whose keys are remembered: the gateway, and devices' own by the name that failures give them. */
async function doorMeant(typed: string, settings: Settings, doors: Doors): Promise<Either<Refusal, Door>> {
  const [, uuid] = /^([0-9a-f]{32}|[0-9a-f]{62})\.balena(?::(\d+))?$/i.exec(typed) ?? [];
  if (uuid !== undefined) return deviceDoor(uuid.toLowerCase(), settings, doors);
  const server = parseHostPort(22)(typed);
  const { host, port } = settings.gateway;
  const gateway = doors.door('gateway', null);
  const isGateway =
    !isLeft(server) && server.right.host.toLowerCase() === host.toLowerCase() && server.right.port === port;
  if (isGateway && gateway !== null) return right(gateway);
  const message = `${quoted(typed)} is no server whose key is remembered here. Those are the gateway, ${gateway?.host ?? ''}, and devices' own servers, written UUID.balena:${String(DEVICE_SSH_PORT)}. The collector's key comes from KEYS_DIR or COLLECTOR_HOST_KEY, and those of servers of your own from BACKUP_SSH_KNOWN_HOSTS.`;
  return left({ code: 2, message });
}

async function deviceDoor(
  uuid: string,
  { transports }: Settings,
  { api, door }: Doors,
): Promise<Either<Refusal, Door>> {
  const kind = transports.find((each) => each !== 'gateway');
  if (kind === undefined) {
    return left({ code: 2, message: "Devices' own servers are only used with tunnel or direct in DEVICE_TRANSPORT." });
  }
  const found = await api.findDevices(uuid, AbortSignal.timeout(API_TIMEOUT_MS));
  if (isLeft(found)) return left({ code: 1, message: `${describeFailure(found.left)}.` });
  const device = found.right.devices.find((each) => each.uuid === uuid);
  const meant = device === undefined ? null : door(kind, device);
  return meant === null ? left({ code: 2, message: `CLI_API_KEY sees no device ${uuid}.` }) : right(meant);
}
