import type { Transport } from '../model/ports';
import type { Settings, TransportKind } from '../model/settings';
import { createChoiceTransport, type Offer } from './choice';
import { createDirectTransport } from './direct';
import { createGatewayTransport } from './gateway';
import { Pacer } from './pace';
import { createTunnelTransport } from './tunnel';
import type { WayOptions } from './way';

export type TransportSettings = Pick<
  Settings,
  'transports' | 'gateway' | 'gatewayHostKey' | 'tunnel' | 'tunnelTls' | 'apiKey'
>;

/** The transport that the settings ask for. Nothing is opened, and no key made, before a device is to be reached. */
export function createTransport(settings: TransportSettings, options: WayOptions): Transport {
  const offers = offersOf(settings, options);
  const wanted = [...new Set(settings.transports)].map((kind): Offer => ({ name: kind, make: offers[kind] }));
  const [first] = wanted;
  return first !== undefined && wanted.length === 1 ? first.make() : createChoiceTransport(wanted);
}

function offersOf(settings: TransportSettings, options: WayOptions): Readonly<Record<TransportKind, () => Transport>> {
  // Tunnel and direct lead to the same server on the device.
  const pacer = new Pacer();
  return {
    gateway: () =>
      createGatewayTransport({ ...options, address: settings.gateway, pinnedHostKey: settings.gatewayHostKey }),
    tunnel: () =>
      createTunnelTransport({
        ...options,
        address: settings.tunnel,
        tls: settings.tunnelTls,
        token: settings.apiKey,
        pacer,
      }),
    direct: () => createDirectTransport({ ...options, pacer }),
  };
}
