import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { removeCgroups } from './cgroups';
import { DEVICE_ENVIRONMENT, DeviceBox } from './devicebox';
import { type DeviceFiles, type HostKey, prepareDeviceFiles } from './devicefiles';
import { type FileContents, seedFolder, writeFiles } from './deviceseed';
import type { NetworkNode } from './network';
import type { ProgramOptions } from './process';

export interface LabContainer {
  readonly name: string;
  /** `running`, `exited`, ... */
  readonly state: string;
  readonly exitCode: number;
  readonly labels: Readonly<Record<string, string>>;
}

export interface LabDevice {
  readonly uuid: string;
  readonly name: string;
  readonly fleetId: number;
  readonly address: string;
  /** Where its sshd listens. */
  readonly sshPort: number;
  readonly hostKey: HostKey;
  /** What it is made of, on this machine; it outlives a power cut. */
  readonly folder: string;
  readonly isOn: boolean;
  /** The command line of its engine; gives its stdout, rejects with its stderr. */
  docker(args: readonly string[], options?: Omit<ProgramOptions, 'env'>): Promise<string>;
  /** A script in the device's namespaces, as root; works without a link too. */
  sh(script: string): Promise<string>;
  /** A volume's content, as a folder of this machine; with `diskMiB` only while the device is on. */
  volumePath(volume: string): string;
  createVolume(volume: string): Promise<void>;
  putFiles(volume: string, files: FileContents): Promise<void>;
  /** Fills the volume with all that a restore must bring back. Makes it where it is missing. */
  seedVolume(volume: string): Promise<void>;
  /** A long-running container as the supervisor starts it, with the volume at `/data`. Gives its name. */
  startService(service: string, volume: string): Promise<string>;
  containers(): Promise<readonly LabContainer[]>;
  /** What the supervisor does when the device is moved to another fleet: the former one's volumes go. */
  moveTo(fleetId: number): Promise<void>;
  /**
   * The device is off the network from now on. Shells through the gateway end, of which the device hears nothing;
   * with `silent` they hang instead, until the gateway finds out.
   */
  cutLink(options?: { readonly silent?: boolean }): void;
  mendLink(): void;
  /** `KILL` leaves the containers running. */
  stopEngine(signal?: 'TERM' | 'KILL'): Promise<void>;
  startEngine(): Promise<void>;
  restartEngine(): Promise<void>;
  powerCut(): Promise<void>;
  powerOn(): Promise<void>;
  remove(): Promise<void>;
}

export interface DeviceOptions {
  readonly uuid: string;
  readonly name: string;
  readonly fleetId: number;
  readonly node: NetworkNode;
  readonly files: Omit<DeviceFiles, 'hostname' | 'cgroup'>;
  /** Private key of the gateway. */
  readonly gatewayKeyFile: string;
  /** What services run. */
  readonly image: string;
  readonly onConnection: (isConnected: boolean) => void;
  readonly onMove: (fleetId: number) => void;
}

export const SSH_PORT = 22222;

/** Makes a device and turns it on; gives it once its engine and its sshd answer. */
export async function startDevice(options: DeviceOptions): Promise<Device> {
  const { node, uuid, files } = options;
  const hostname = uuid.slice(0, 7);
  const hostKey = await prepareDeviceFiles({ ...files, hostname, cgroup: basename(node.netns) });
  writeFileSync(join(files.folder, 'known_hosts'), `[${node.address}]:${String(SSH_PORT)} ${hostKey}\n`);
  const device = new Device(options, hostKey);
  await device.powerOn();
  return device;
}

export class Device implements LabDevice {
  public readonly uuid: string;
  public readonly name: string;
  public fleetId: number;
  public readonly address: string;
  public readonly sshPort = SSH_PORT;
  public readonly folder: string;
  public readonly hostKey: HostKey;
  readonly #options: DeviceOptions;
  readonly #box: DeviceBox;
  readonly #shells = new Set<ChildProcess>();

  public constructor(options: DeviceOptions, hostKey: HostKey) {
    ({ uuid: this.uuid, name: this.name, fleetId: this.fleetId } = options);
    this.address = options.node.address;
    this.folder = options.files.folder;
    this.hostKey = hostKey;
    this.#options = options;
    this.#box = new DeviceBox(this.folder, options.node.netns);
  }

  public get isOn(): boolean {
    return this.#box.isOn;
  }

  public docker(args: readonly string[], options: Omit<ProgramOptions, 'env'> = {}): Promise<string> {
    return this.#box.run(['balena-engine', ...args], options);
  }

  public sh(script: string): Promise<string> {
    return this.#box.run(['sh', '-euc', script]);
  }

  public volumePath(volume: string): string {
    const data = this.#options.files.diskMiB === null ? join(this.folder, 'data') : `${this.#box.root}/mnt/data`;
    return join(data, 'docker', 'volumes', this.#volumeName(volume), '_data');
  }

  public async createVolume(volume: string): Promise<void> {
    const labels = labelArgs({ 'io.balena.supervised': 'true', 'io.balena.app-uuid': appUuidOf(this.fleetId) });
    await this.docker(['volume', 'create', ...labels, this.#volumeName(volume)]);
  }

  public async putFiles(volume: string, files: FileContents): Promise<void> {
    await this.createVolume(volume);
    writeFiles(this.volumePath(volume), files);
  }

  public async seedVolume(volume: string): Promise<void> {
    await this.createVolume(volume);
    seedFolder(this.volumePath(volume));
  }

  public async startService(service: string, volume: string): Promise<string> {
    await this.createVolume(volume);
    const name = `${service}_1_1_${appUuidOf(this.fleetId)}`;
    const labels = labelArgs({
      'io.balena.supervised': 'true',
      'io.balena.app-id': String(this.fleetId),
      'io.balena.app-uuid': appUuidOf(this.fleetId),
      'io.balena.service-id': '1',
      'io.balena.service-name': service,
    });
    const mount = ['--volume', `${this.#volumeName(volume)}:/data`];
    const run = ['run', '--detach', '--init', '--restart', 'always', '--name', name, ...labels, ...mount];
    await this.docker([...run, '--entrypoint', 'sleep', this.#options.image, 'infinity']);
    return name;
  }

  public async containers(): Promise<readonly LabContainer[]> {
    const ids = (await this.docker(['ps', '--all', '--quiet'])).split('\n').filter((id) => id !== '');
    const format = '{{json .Name}} {{json .State.Status}} {{json .State.ExitCode}} {{json .Config.Labels}}';
    // One that is removed meanwhile is no error.
    const lines = ids.map((id) => this.docker(['inspect', '--format', format, id]).catch(() => ''));
    return (await Promise.all(lines)).filter((line) => line !== '').map((line) => containerOf(line.trim()));
  }

  public async moveTo(fleetId: number): Promise<void> {
    const names = (await this.docker(['volume', 'ls', '--quiet'])).split('\n');
    const gone = names.filter((name) => name.startsWith(this.#volumeName('')));
    if (gone.length > 0) await this.docker(['volume', 'rm', ...gone]);
    this.fleetId = fleetId;
    this.#options.onMove(fleetId);
  }

  public cutLink(options: { readonly silent?: boolean } = {}): void {
    this.#options.node.cut();
    this.#options.onConnection(false);
    if (options.silent !== true) this.#breakShells();
  }

  public mendLink(): void {
    this.#options.node.mend();
    this.#options.onConnection(this.isOn);
  }

  public stopEngine(signal: 'TERM' | 'KILL' = 'TERM'): Promise<void> {
    return this.#box.stopEngine(signal);
  }

  public startEngine(): Promise<void> {
    return this.#box.startEngine();
  }

  public async restartEngine(): Promise<void> {
    await this.stopEngine();
    await this.startEngine();
  }

  public async powerCut(): Promise<void> {
    // The network first: processes that die would say goodbye.
    this.cutLink();
    await this.#box.kill();
  }

  public async powerOn(): Promise<void> {
    await this.#box.start();
    this.mendLink();
  }

  public async remove(): Promise<void> {
    this.#breakShells();
    await this.#box.kill();
    removeCgroups(basename(this.#options.node.netns));
    this.#options.node.remove();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** What the gateway does with a command: over the network, to the device's own sshd. */
  public enter(command: string): ChildProcess {
    const shell = spawn('ssh', this.#sshArgs(command), { stdio: 'pipe', env: DEVICE_ENVIRONMENT, cwd: '/' });
    this.#shells.add(shell);
    shell.on('close', () => this.#shells.delete(shell));
    return shell;
  }

  #sshArgs(command: string): readonly string[] {
    const options = {
      BatchMode: 'yes',
      IdentitiesOnly: 'yes',
      StrictHostKeyChecking: 'yes',
      UserKnownHostsFile: `"${join(this.folder, 'known_hosts')}"`,
      ConnectTimeout: '10',
      ServerAliveInterval: '5',
      ServerAliveCountMax: '3',
      LogLevel: 'ERROR',
    };
    const settings = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
    const place = ['-i', this.#options.gatewayKeyFile, '-p', String(SSH_PORT), `root@${this.address}`];
    return ['-F', '/dev/null', '-T', ...settings, ...place, command];
  }

  #breakShells(): void {
    for (const shell of this.#shells) shell.kill('SIGKILL');
  }

  #volumeName(volume: string): string {
    return `${String(this.fleetId)}_${volume}`;
  }
}

function labelArgs(labels: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]);
}

function appUuidOf(fleetId: number): string {
  return createHash('sha256').update(String(fleetId)).digest('hex').slice(0, 32);
}

function containerOf(line: string): LabContainer {
  const [, name = '', state = '', code = '', labels = ''] = /^"\/(.*?)" "(.*?)" (\d+) (.*)$/.exec(line) ?? [];
  const read: unknown = JSON.parse(labels);
  const entries = typeof read === 'object' && read !== null ? Object.entries(read) : [];
  const texts = entries.map(([key, value]) => [key, String(value)] as const);
  return { name, state, exitCode: Number(code), labels: Object.fromEntries(texts) };
}
