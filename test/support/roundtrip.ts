import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isLeft } from 'fp-ts/Either';
import { deviceUuidOf } from '../../src/model/brand';
import type { Target } from '../../src/model/policy';
import { parseTarget } from '../../src/model/target';
import { differencesOf } from '../demo/proofs';
import type { LabDevice } from '../lab/device';
import { type Lab, type LabOptions, startLab } from '../lab/lab';
import { type ControllerProcess, startController } from './controller';
import { type RestoreOrder, restoreOn } from './restoreon';
import { treeOf } from './tree';

/** What snapshots are stored on. */
export interface Servers {
  stop(): Promise<void>;
}

/** One way to store snapshots: the URL as an operator writes it, and the variables that belong to it. */
export interface Way<S extends Servers> {
  readonly name: string;
  readonly url: (servers: S) => string;
  readonly environment?: (servers: S) => Readonly<Record<string, string>>;
  /** The user's own SSH key, where one is needed. */
  readonly ssh?: (servers: S) => RestoreOrder['ssh'];
}

export interface Trip {
  readonly modes: readonly unknown[];
  readonly warnings: readonly string[];
  /** What differs between the volumes of the one device and what another restored. */
  readonly differences: readonly string[];
}

/** A lab with servers to store on, and two devices: one is backed up, the other restores. */
export class RoundTrips<S extends Servers> {
  public readonly servers: S;
  readonly #lab: Lab;
  readonly #source: LabDevice;
  readonly #other: LabDevice;

  private constructor(lab: Lab, servers: S, source: LabDevice, other: LabDevice) {
    this.#lab = lab;
    this.servers = servers;
    this.#source = source;
    this.#other = other;
  }

  public static async open<S extends Servers>(
    options: Omit<LabOptions, 'full'>,
    start: (lab: Lab, device: LabDevice) => Promise<S>,
  ): Promise<RoundTrips<S>> {
    const lab = await startLab({ ...options, full: true });
    const fleet = lab.addFleet({ name: 'stored' });
    const source = await lab.addDevice({ fleet, name: 'source', tags: { backupEnabled: 'true' } });
    const [servers, other] = await Promise.all([start(lab, source), lab.addDevice({ fleet, name: 'other' })]);
    await source.seedVolume('data');
    await source.putFiles('more', { 'a/b.txt': 'text' });
    await other.docker(['pull', '--quiet', lab.server.duplicityImage]);
    return new RoundTrips(lab, servers, source, other);
  }

  public async close(): Promise<void> {
    await this.servers.stop();
    await this.#lab.stop();
  }

  /** A full and an incremental snapshot by the controller, and a restore on the other device. */
  public async make(way: Way<S>): Promise<Trip> {
    const variables = this.#variablesOf(way);
    const controller = startController(variables);
    try {
      await controller.waitFor('the device to be seen', (line) => line['event'] === 'device.policy.accepted');
      await this.#source.putFiles('data', { 'logs/of before': way.name });
      const first = await this.#backUp(controller, `${way.name}-first`);
      await this.#source.putFiles('data', { 'logs/app.log': way.name, 'new file': 'new' });
      rmSync(join(this.#source.volumePath('data'), 'logs/of before'), { force: true });
      const second = await this.#backUp(controller, `${way.name}-second`);
      const warned = controller.lines.filter((line) => line['event'] === 'run.warned');
      const differences = await this.#restored(way, new Map(Object.entries(variables)));
      return { modes: [first, second], warnings: warned.map((line) => String(line['message'])), differences };
    } finally {
      await controller.stop();
    }
  }

  /** What becomes of the first backup: its mode, or why it failed. */
  public async tryOnce(way: Way<S>): Promise<unknown> {
    const controller = startController(this.#variablesOf(way));
    try {
      await controller.waitFor('the device to be seen', (line) => line['event'] === 'device.policy.accepted');
      return await this.#backUp(controller, `${way.name}-once`);
    } finally {
      await controller.stop();
    }
  }

  #variablesOf({ name, url, environment, ssh }: Way<S>): Readonly<Record<string, string>> {
    const own = ssh?.(this.servers) ?? null;
    return this.#lab.environment({
      STATE_DIR: join(this.#lab.folder, `state-${name}`),
      BACKUP_URL: url(this.servers),
      ...environment?.(this.servers),
      ...(own === null ? {} : { BACKUP_SSH_KEY: own.key, BACKUP_SSH_KNOWN_HOSTS: own.knownHosts }),
    });
  }

  /** The mode of a run that succeeded, or why it did not. */
  async #backUp(controller: ControllerProcess, token: string): Promise<unknown> {
    this.#lab.setTag(this.#source, 'backupRequest', token);
    const isEnd = (event: unknown): boolean => event === 'run.succeeded' || event === 'run.failed';
    const line = await controller.waitFor(
      `the end of ${token}`,
      (each) => each['slot'] === `request:${token}` && isEnd(each['event']),
    );
    return line['mode'] ?? line['message'];
  }

  async #restored(way: Way<S>, environment: ReadonlyMap<string, string>): Promise<readonly string[]> {
    const source = this.#source;
    const folder = await restoreOn(this.#other, {
      target: targetOf(environment, source.uuid),
      environment,
      passphrase: this.#lab.passphrase,
      image: environment.get('DOCKER_IMAGE') ?? '',
      ssh: way.ssh?.(this.servers) ?? null,
    });
    const names = readdirSync(folder).sort().join(' ');
    const differences = ['data', 'more'].flatMap((volume) =>
      differencesOf(treeOf(source.volumePath(volume)), treeOf(join(folder, volume))),
    );
    return names === 'data more' ? differences : [`other volumes: ${names}`, ...differences];
  }
}

function targetOf(environment: ReadonlyMap<string, string>, uuid: string): Target {
  const context = { uuid: deviceUuidOf(uuid), environment, allowed: null, trusted: true, home: null };
  const target = parseTarget(environment.get('BACKUP_URL') ?? '', context);
  if (isLeft(target)) throw new Error(target.left.join('; '));
  return target.right;
}
