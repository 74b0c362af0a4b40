import type { Device } from '../model/device';
import type { Transport } from '../model/ports';
import type { Settings, TransportKind } from '../model/settings';
import { createChoiceTransport, type Offer } from './choice';
import { createDirectTransport, directWay } from './direct';
import { createGatewayTransport, gatewayDoor } from './gateway';
import { Pacer } from './pace';
import { createTunnelTransport, type TunnelOptions, tunnelWay } from './tunnel';
import { type Door, doorTo, type WayOptions } from './way';

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

/** The SSH server that a way leads to, by itself; null for a way to devices where there is none. */
export function doorOf(
  kind: TransportKind,
  device: Device | null,
  settings: TransportSettings,
  options: WayOptions,
): Door | null {
  if (kind === 'gateway') {
    return gatewayDoor({ ...options, address: settings.gateway, pinnedHostKey: settings.gatewayHostKey });
  }
  if (device === null) return null;
  return doorTo(device, kind === 'tunnel' ? tunnelWay(tunnelOptions(settings, options)) : directWay(options));
}

function tunnelOptions({ tunnel, tunnelTls, apiKey }: TransportSettings, options: WayOptions): TunnelOptions {
  return { ...options, address: tunnel, tls: tunnelTls, token: apiKey };
}

function offersOf(settings: TransportSettings, options: WayOptions): Readonly<Record<TransportKind, () => Transport>> {
  // Tunnel and direct lead to the same server on the device.
  const pacer = new Pacer();
  return {
    gateway: () =>
      createGatewayTransport({ ...options, address: settings.gateway, pinnedHostKey: settings.gatewayHostKey }),
    tunnel: () => createTunnelTransport({ ...tunnelOptions(settings, options), pacer }),
    direct: () => createDirectTransport({ ...options, pacer }),
  };
}
