import type { Failure } from '../model/failure';
import type { Transport } from '../model/ports';
import type { HostPort } from '../model/settings';
import { dial, nameOf, unreachable } from './dial';
import { escaped, type LastWords } from './session';
import { type Door, limitsOf, transportOf, type WayOptions } from './way';

export interface GatewayOptions extends WayOptions {
  readonly address: HostPort;
  /** `type base64`, or null: the key seen first is remembered. */
  readonly pinnedHostKey: string | null;
}

/** balenaCloud's SSH gateway: the account's name as user, the device in the command, exit status always 0. */
export function createGatewayTransport(options: GatewayOptions): Transport {
  const { host, pinnedHostKey, reach } = gatewayDoor(options);
  return transportOf(
    {
      name: 'gateway',
      hostOf: () => host,
      pinnedHostKey,
      commandFor: (device) => `host -s ${device.uuid} sh`,
      reach: (_device, username, signal) => reach(username, signal),
      namedFailure,
    },
    options,
  );
}

/** The gateway's SSH server, which is the same for all devices. */
export function gatewayDoor(options: Pick<GatewayOptions, 'address' | 'pinnedHostKey' | 'limits'>): Door {
  const { address, pinnedHostKey } = options;
  const limits = limitsOf(options);
  return { host: nameOf(address), pinnedHostKey, reach: (_username, signal) => dial(address, limits, signal) };
}

/** What the gateway says in words while its exit status stays 0. */
const WORDS: readonly { readonly pattern: RegExp; readonly failure: (line: string) => Failure }[] = [
  {
    pattern:
      /^.*(?:not (?:online|connected|reachable)|is offline|host error|could not (?:connect|reach)|no route).*$/im,
    failure: (line) => unreachable('channel', line),
  },
  {
    pattern: /^.*(?:not authori[sz]ed|unauthori[sz]ed|access denied|permission denied \(publickey).*$/im,
    failure: (line) => ({ kind: 'auth-rejected', who: 'ssh', detail: line }),
  },
  {
    pattern: /^.*(?:device (?:was )?not found|unknown device|no such device).*$/im,
    failure: (line) => unreachable('channel', line),
  },
];

function namedFailure({ opening, stderr }: LastWords): Failure | null {
  const text = `${opening}\n${stderr}`;
  for (const { pattern, failure } of WORDS) {
    const line = pattern.exec(text)?.[0];
    if (line !== undefined) return failure(escaped(line.trim()).slice(0, 300));
  }
  return null;
}
