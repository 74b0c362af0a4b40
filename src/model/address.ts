import { type Either, left, right } from 'fp-ts/Either';
import type { Device } from './device';
import { quoted } from './quote';
import type { HostPort } from './settings';

/** Where the device's own SSH server listens. */
export const DEVICE_SSH_PORT = 22222;

/** A host name or IP address, IPv6 in brackets, with a port where it is not 22222. Left: what is wrong, as one sentence. */
export function parseAddress(text: string): Either<string, HostPort> {
  const [, host = '', digits] =
    /^([A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?$/.exec(text) ?? [];
  const port = digits === undefined ? DEVICE_SSH_PORT : Number(digits);
  if (host !== '' && port >= 1 && port <= 65_535) return right({ host: host.replace(/[[\]]/g, ''), port });
  return left(
    `${quoted(text)} is not an address; write a host name or an IP address, with :PORT where it is not 22222`,
  );
}

/** Where the tag `backupAddress` says that the device is; its own tag goes before its fleet's. Null without a tag. */
export function addressOf(device: Device): Either<string, HostPort> | null {
  const text = device.tags.get('backupAddress') ?? device.fleet.tags.get('backupAddress');
  return text === undefined ? null : parseAddress(text);
}
