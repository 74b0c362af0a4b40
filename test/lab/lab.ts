import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type LabApi, startApi } from './api';
import type { LabFleet, NewFleet } from './apistate';
import type { Say } from './cache';
import { type Device, type LabDevice, startDevice } from './device';
import { type LabGateway, startGateway } from './gateway';
import { type LabHost, startHost } from './host';
import { type LabImages, prepareImages } from './images';
import { clearLeftovers, registerLab } from './leftovers';
import { createNetwork, type LabNetwork } from './network';
import { runProgram } from './process';
import { type LabResolver, startResolver } from './resolver';
import { during } from './say';
import { type LabServer, startServer } from './server';
import { type LabTunnel, startTunnel } from './tunnel';

export interface NewLabDevice {
  readonly fleet: LabFleet;
  readonly name: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly uuid?: string;
  /** The size of its data partition; as much as the machine has when left out. */
  readonly diskMiB?: number;
}

/** A fleet in a box: devices, registry, collector, gateway, tunnel server and API, all of its own. */
export interface Lab {
  readonly id: string;
  readonly folder: string;
  readonly api: LabApi;
  readonly gateway: LabGateway;
  readonly tunnel: LabTunnel;
  readonly server: LabServer;
  readonly passphrase: string;
  readonly devices: readonly LabDevice[];
  addFleet(fleet: NewFleet): LabFleet;
  addDevice(device: NewLabDevice): Promise<LabDevice>;
  /** A machine with Docker, for what people deploy. */
  addHost(name: string): Promise<LabHost>;
  /** Sets the tag, or removes it when the value is null. */
  setTag(device: LabDevice, key: string, value: string | null): void;
  /** The variables that point `bin/balena-backup` at this lab. */
  environment(over?: Readonly<Record<string, string>>): Readonly<Record<string, string>>;
  /** The device's directory at the collector. */
  storeOf(device: LabDevice): string;
  /** The names of the files in it; empty where there is none. */
  collectorFiles(device: LabDevice): readonly string[];
  stop(): Promise<void>;
}

export interface LabOptions {
  readonly say?: Say;
  /** Whether hosts have the orchestrator's image too. */
  readonly orchestrator?: boolean;
  /** The image with every backend on the devices. */
  readonly full?: boolean;
  /** Makes the image of servers to store to as well, so that `startStores` finds it. */
  readonly stores?: boolean;
  /** The size of the collector's file system; as much as the machine has when left out. */
  readonly storeMiB?: number;
}

/** Not on a tmpfs: engines need an ordinary file system. */
const FOLDERS = '/var/tmp';

/** Starts a lab without devices, after clearing what killed labs left. */
export async function startLab({ say = () => undefined, storeMiB, ...wanted }: LabOptions = {}): Promise<Lab> {
  clearLeftovers();
  const images = await prepareImages({ say, ...wanted });
  const id = randomBytes(3).toString('hex');
  const folder = join(FOLDERS, `balena-backup-lab-${id}`);
  const entry = registerLab(id, folder);
  try {
    mkdirSync(folder, { mode: 0o755 });
    return await during(say, 'starting registry, collector, API, gateway and tunnel server', async () => {
      const network = createNetwork(id);
      const resolver = await startResolver(network.hostAddress);
      const server = await startServer({
        network,
        folder: join(folder, 'server'),
        images,
        dns: resolver.addresses,
        storeMiB: storeMiB ?? null,
      });
      const api = await startApi({ host: network.hostAddress, apiKey: randomBytes(16).toString('hex') });
      const gatewayKey = await newKey(folder);
      const parts = { id, folder, network, images, resolver, server, api, gatewayKey, forget: entry.forget };
      return new FleetInABox(parts).open();
    });
  } catch (error) {
    entry.forget();
    throw error;
  }
}

interface GatewayKey {
  readonly file: string;
  readonly publicKey: string;
}

async function newKey(folder: string): Promise<GatewayKey> {
  const file = join(folder, 'gateway_key');
  await runProgram('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'gateway', '-f', file]);
  return { file, publicKey: readFileSync(`${file}.pub`, 'utf8').trim() };
}

interface Parts {
  readonly id: string;
  readonly folder: string;
  readonly network: LabNetwork;
  readonly images: LabImages;
  readonly resolver: LabResolver;
  readonly server: LabServer;
  readonly api: LabApi;
  readonly gatewayKey: GatewayKey;
  readonly forget: () => void;
}

/** The ways into devices. */
type Doors = Pick<Lab, 'gateway' | 'tunnel'>;

function authorityFileIn(folder: string): string {
  return join(folder, 'tunnel-ca.pem');
}

class FleetInABox {
  readonly #parts: Parts;
  readonly #devices = new Map<string, Device>();
  readonly #hosts: LabHost[] = [];
  // Surely a machine's, so that no time goes into stretching it.
  readonly #passphrase = randomBytes(24).toString('hex');
  #nodes = 0;

  public constructor(parts: Parts) {
    this.#parts = parts;
  }

  public async open(): Promise<Lab> {
    const { id, folder, api, server } = this.#parts;
    const doors = await this.#openDoors();
    const devices = this.#devices;
    return {
      id,
      folder,
      api,
      ...doors,
      server,
      passphrase: this.#passphrase,
      get devices() {
        return [...devices.values()];
      },
      addFleet: (fleet) => api.state.addFleet(fleet),
      addDevice: (device) => this.#addDevice(device),
      addHost: (name) => this.#addHost(name),
      setTag: ({ uuid }, key, value) => {
        api.state.setTag(uuid, key, value);
      },
      environment: (over = {}) => ({ ...this.#environment(doors), ...over }),
      storeOf: ({ uuid }) => join(server.backups, uuid),
      collectorFiles: ({ uuid }) => filesIn(join(server.backups, uuid)),
      stop: () => this.#stop(doors),
    };
  }

  /** At the machine's address in the lab, which containers reach too. */
  async #openDoors(): Promise<Doors> {
    const { folder, network, api } = this.#parts;
    const host = network.hostAddress;
    const isConnected = (uuid: string): boolean => api.state.isConnected(uuid);
    const deviceOf = (uuid: string): Device | null => {
      const device = this.#devices.get(uuid);
      return device?.isOn === true ? device : null;
    };
    const gateway = await startGateway({
      host,
      keysOf: (username) =>
        username.toLowerCase() === api.username ? api.keys().map(({ publicKey }) => publicKey) : [],
      isConnected,
      door: { open: (uuid, command) => deviceOf(uuid)?.enter(command) ?? null },
    });
    const tunnel = await startTunnel({
      host,
      tls: true,
      accepts: (token) => token === api.apiKey,
      addressOf: (uuid) => {
        const device = isConnected(uuid) ? deviceOf(uuid) : null;
        return device === null ? null : { host: device.address, port: device.sshPort };
      },
    });
    writeFileSync(authorityFileIn(folder), tunnel.ca ?? '');
    return { gateway, tunnel };
  }

  async #addDevice({ fleet, name, tags = {}, uuid, diskMiB }: NewLabDevice): Promise<LabDevice> {
    const { folder, network, resolver, server, api, gatewayKey } = this.#parts;
    this.#nodes += 1;
    const number = String(this.#nodes);
    const known = { fleetId: fleet.id, name, tags, connected: false, ...(uuid === undefined ? {} : { uuid }) };
    const added = api.state.addDevice(known);
    const files = {
      folder: join(folder, `device${number}`),
      uuid: added.uuid,
      apiUrl: api.url,
      username: api.username,
      gatewayKey: gatewayKey.publicKey,
      registry: server.registry,
      dns: resolver.addresses,
      mtu: network.mtu,
      diskMiB: diskMiB ?? null,
    };
    const device = await startDevice({
      uuid: added.uuid,
      name,
      fleetId: fleet.id,
      node: await network.addNode(`device${number}`),
      files,
      gatewayKeyFile: gatewayKey.file,
      image: server.duplicityImage,
      onConnection: (isConnected) => {
        api.state.setConnected(added.uuid, isConnected);
      },
      onMove: (fleetId) => {
        api.state.move(added.uuid, fleetId);
      },
    });
    this.#devices.set(added.uuid, device);
    return device;
  }

  async #addHost(name: string): Promise<LabHost> {
    const { folder, network, images, resolver } = this.#parts;
    const host = await startHost({ network, name, folder: join(folder, name), images, dns: resolver.addresses });
    this.#hosts.push(host);
    return host;
  }

  #environment({ gateway, tunnel }: Doors): Readonly<Record<string, string>> {
    const { folder, server, api } = this.#parts;
    const { host, port } = server.collector;
    return {
      CLI_API_KEY: api.apiKey,
      PASSPHRASE: this.#passphrase,
      BALENA_API_URL: api.url,
      SSH_GATEWAY: `${gateway.host}:${String(gateway.port)}`,
      SSH_GATEWAY_HOST_KEY: gateway.hostKey,
      TUNNEL_SERVER: `${tunnel.host}:${String(tunnel.port)}`,
      NODE_EXTRA_CA_CERTS: authorityFileIn(folder),
      DOCKER_IMAGE: server.duplicityImage,
      BACKUP_URL: `rsync://root@${host}:${String(port)}//backups/$UUID`,
      // No slot comes in the middle of a test, whenever that runs.
      BACKUP_SCHEDULE: '0 0 1 1 *',
      RECONCILE_INTERVAL: '5s',
      STATE_DIR: join(folder, 'state'),
      KEYS_DIR: server.keys,
    };
  }

  async #stop({ gateway, tunnel }: Doors): Promise<void> {
    const { resolver, server, api, forget } = this.#parts;
    await Promise.all([gateway.stop(), tunnel.stop(), ...this.#hosts.map((host) => host.stop())]);
    await Promise.all([...this.#devices.values()].map((device) => device.remove()));
    this.#devices.clear();
    await Promise.all([server.stop(), api.stop(), resolver.stop()]);
    forget();
  }
}

function filesIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}
