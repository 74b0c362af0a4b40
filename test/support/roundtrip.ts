import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isLeft } from 'fp-ts/Either';
import { deviceUuidOf } from '../../src/model/brand';
import type { Target } from '../../src/model/policy';
import { parseTarget } from '../../src/model/target';
import { differencesOf } from '../demo/proofs';
import type { LabDevice } from '../lab/device';
import { type Lab, startLab } from '../lab/lab';
import { type ControllerProcess, startController } from './controller';
import { restoreOn } from './restoreon';
import { startStores, type Stores } from './stores';
import { treeOf } from './tree';

/** One way to store snapshots: the URL as an operator writes it, and the variables that belong to it. */
export interface Way {
  readonly name: string;
  readonly url: (stores: Stores) => string;
  readonly environment?: (stores: Stores) => Readonly<Record<string, string>>;
  /** Whether the user's own SSH key is needed. */
  readonly overSsh?: boolean;
}

export interface Trip {
  readonly modes: readonly unknown[];
  readonly warnings: readonly string[];
  /** What differs between the volumes of the one device and what another restored. */
  readonly differences: readonly string[];
}

/** A lab with servers of every kind, and two devices: one is backed up, the other restores. */
export class RoundTrips {
  public readonly lab: Lab;
  public readonly stores: Stores;
  public readonly source: LabDevice;
  readonly #other: LabDevice;

  private constructor(lab: Lab, stores: Stores, source: LabDevice, other: LabDevice) {
    this.lab = lab;
    this.stores = stores;
    this.source = source;
    this.#other = other;
  }

  public static async open(): Promise<RoundTrips> {
    const lab = await startLab({ full: true, stores: true });
    const fleet = lab.addFleet({ name: 'stored' });
    const [stores, source, other] = await Promise.all([
      startStores(lab),
      lab.addDevice({ fleet, name: 'source', tags: { backupEnabled: 'true' } }),
      lab.addDevice({ fleet, name: 'other' }),
    ]);
    await source.seedVolume('data');
    await source.putFiles('more', { 'a/b.txt': 'text' });
    await other.docker(['pull', '--quiet', lab.server.duplicityImage]);
    return new RoundTrips(lab, stores, source, other);
  }

  public async close(): Promise<void> {
    await this.stores.stop();
    await this.lab.stop();
  }

  /** A full and an incremental snapshot by the controller, and a restore on the other device. */
  public async make(way: Way): Promise<Trip> {
    const variables = this.#variablesOf(way);
    const controller = startController(variables);
    try {
      await controller.waitFor('the device to be seen', (line) => line['event'] === 'device.policy.accepted');
      await this.source.putFiles('data', { 'logs/of before': way.name });
      const first = await this.#backUp(controller, `${way.name}-first`);
      await this.source.putFiles('data', { 'logs/app.log': way.name, 'new file': 'new' });
      rmSync(join(this.source.volumePath('data'), 'logs/of before'), { force: true });
      const second = await this.#backUp(controller, `${way.name}-second`);
      const warned = controller.lines.filter((line) => line['event'] === 'run.warned');
      const differences = await this.#restored(way, new Map(Object.entries(variables)));
      return { modes: [first, second], warnings: warned.map((line) => String(line['message'])), differences };
    } finally {
      await controller.stop();
    }
  }

  #variablesOf({ name, url, environment, overSsh }: Way): Readonly<Record<string, string>> {
    const { stores, lab } = this;
    const ssh = { BACKUP_SSH_KEY: stores.sshKey, BACKUP_SSH_KNOWN_HOSTS: stores.knownHosts };
    return lab.environment({
      BACKUP_SCHEDULE: '@monthly',
      STATE_DIR: join(lab.folder, `state-${name}`),
      BACKUP_URL: url(stores),
      ...environment?.(stores),
      ...(overSsh === true ? ssh : {}),
    });
  }

  /** The mode of a run that succeeded, or why it did not. */
  async #backUp(controller: ControllerProcess, token: string): Promise<unknown> {
    this.lab.setTag(this.source, 'backupRequest', token);
    const isEnd = (event: unknown): boolean => event === 'run.succeeded' || event === 'run.failed';
    const line = await controller.waitFor(
      `the end of ${token}`,
      (each) => each['slot'] === `request:${token}` && isEnd(each['event']),
    );
    return line['mode'] ?? line['message'];
  }

  async #restored(way: Way, environment: ReadonlyMap<string, string>): Promise<readonly string[]> {
    const { lab, stores, source } = this;
    const folder = await restoreOn(this.#other, {
      target: targetOf(environment, source.uuid),
      environment,
      passphrase: lab.passphrase,
      image: lab.server.duplicityImage,
      ssh: way.overSsh === true ? { key: stores.sshKey, knownHosts: stores.knownHosts } : null,
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
