import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isLeft } from 'fp-ts/Either';
import { createFleetApi } from '../../src/balena/fleetapi';
import { deviceUuidOf } from '../../src/model/brand';
import type { Device } from '../../src/model/device';
import { Secret } from '../../src/model/secret';
import { createDirectTransport } from '../../src/transport/direct';
import { createTunnelTransport } from '../../src/transport/tunnel';
import type { LabDevice } from '../lab/device';
import type { Lab } from '../lab/lab';
import { aDevice, tagsOf } from './desired';
import { type Relay, startRelay } from './relay';
import { accountKey, type Account, type Bench, type FarEnd, never } from './transportsuite';

/** What a bench is set up in. */
export interface LabPlace {
  readonly lab: Lab;
  readonly device: LabDevice;
}

export async function throughTunnel({ lab, device }: LabPlace, { options }: Account): Promise<Bench> {
  const { tunnel, api } = lab;
  const relay = await startRelay(tunnel);
  const transport = createTunnelTransport({
    ...options,
    address: relay,
    tls: true,
    ca: tunnel.ca,
    token: new Secret(api.apiKey),
  });
  return benchOf(sshdOf(lab, device), relay, { device: seen(device), transport, ...AT_DEVICE(device) });
}

export async function directly({ lab, device }: LabPlace, { options }: Account): Promise<Bench> {
  const relay = await startRelay({ host: device.address, port: device.sshPort });
  const tags = { backupAddress: `${relay.host}:${String(relay.port)}` };
  const transport = createDirectTransport(options);
  return benchOf(sshdOf(lab, device), relay, { device: seen(device, tags), transport, ...AT_DEVICE(device) });
}

const AT_DEVICE = ({ uuid }: LabDevice): Pick<Bench, 'hostName' | 'exitCodes'> => ({
  hostName: `${uuid}.balena:22222`,
  exitCodes: true,
});

async function benchOf(server: FarEnd, relay: Relay, rest: Omit<Bench, 'server' | 'relay' | 'stop'>): Promise<Bench> {
  await server.accept([accountKey.publicKey]);
  return { ...rest, server, relay, stop: () => relay.stop() };
}

function seen({ uuid, name }: LabDevice, tags: Readonly<Record<string, string>> = {}): Device {
  return aDevice({ uuid: deviceUuidOf(uuid), name, tags: tagsOf(tags) });
}

/** The device's own OpenSSH, by what it says in its log and what runs there. */
function sshdOf(lab: Lab, device: LabDevice): FarEnd {
  const user = lab.api.username;
  const said = (pattern: RegExp): number =>
    [...readFileSync(join(device.folder, 'sshd.log'), 'utf8').matchAll(pattern)].length;
  return {
    hostKey: device.hostKey,
    counts: () =>
      Promise.resolve({
        connections: said(new RegExp(`^Accepted publickey for ${user} `, 'gm')),
        channels: said(new RegExp(`^Starting session: command for ${user} `, 'gm')),
      }),
    shells: async () => Number(await device.sh(`pgrep -fc '^sshd: ${user}' || :`)),
    accept: (keys) => accept(lab, keys),
  };
}

/** Takes all keys out of the account, and puts these in. */
async function accept({ api }: Lab, keys: readonly string[]): Promise<void> {
  for (const { id } of api.keys()) api.removeKey(id);
  const account = createFleetApi({ apiUrl: api.url, apiKey: new Secret(api.apiKey), fleets: null });
  for (const key of keys) {
    const added = await account.ensureKey({ title: 'suite', publicKey: key, isNew: false }, never);
    if (isLeft(added)) throw new Error(JSON.stringify(added.left));
  }
}
