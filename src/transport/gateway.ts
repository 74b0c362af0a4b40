import type { Transport } from '../model/ports';
import type { HostPort } from '../model/settings';
import { dial, nameOf } from './dial';
import { limitsOf, transportOf, type WayOptions } from './way';

export interface GatewayOptions extends WayOptions {
  readonly address: HostPort;
  /** `type base64`, or null: the key seen first is remembered. */
  readonly pinnedHostKey: string | null;
}

/** balenaCloud's SSH gateway: the account's name as user, the device in the command, exit status always 0. */
export function createGatewayTransport(options: GatewayOptions): Transport {
  const { address, pinnedHostKey } = options;
  const limits = limitsOf(options);
  return transportOf(
    {
      name: 'gateway',
      hostOf: () => nameOf(address),
      pinnedHostKey,
      commandFor: (device) => `host -s ${device.uuid} sh`,
      reach: (_device, _username, signal) => dial(address, limits, signal),
    },
    options,
  );
}
