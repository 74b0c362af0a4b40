import { join } from 'node:path';
import { differencesOf } from '../demo/proofs';
import type { LabDevice } from '../lab/device';
import { type Lab, startLab } from '../lab/lab';
import { command, type CommandProcess, type CommandResult, startCommand } from './command';
import { type Tree, treeOf } from './tree';
import { until } from './wait';

const STAGING = '/var/lib/docker/volumes/balena-backup-staging/_data';
const VOLUMES = ['data', 'settings'];
const SERVICES = 'stubborn running, web running';

export const BEFORE = ['as before', 'as before'];
export const RESTORED = ['restored', 'restored'];

/** What had been fetched is gone with the engine or the power; what had begun to be exchanged is brought to its end. */
export const CUT_OFF = {
  // A start that the device forgot is made again.
  'before it has begun there': [BEFORE, RESTORED],
  'while it fetches': [BEFORE],
  'while services stop': [RESTORED],
  'once the volumes are exchanged': [RESTORED],
};

type Trees = Readonly<Record<string, Tree>>;

/** Where in its life a restore is when something happens to it, and how that is seen on the device. */
export const PHASES = {
  'before it has begun there': null,
  'while it fetches': `ls -d ${STAGING}/work/staged`,
  'while services stop': `ls -d ${STAGING}/work/journal.json`,
  'once the volumes are exchanged': `grep -qs '"state": *"exchanged"' ${STAGING}/work/journal.json && echo yes`,
} as const;

export type Phase = keyof typeof PHASES;

/** A device with a backup of two volumes, each used by a service, whose restores take long enough to be cut off. */
export class RestoreScene {
  public readonly lab: Lab;
  public readonly device: LabDevice;
  readonly #good: Trees;
  #bad: Trees = {};
  #states = 0;

  public constructor(lab: Lab, device: LabDevice) {
    this.lab = lab;
    this.device = device;
    this.#good = this.#trees();
  }

  /** In a state of its own each time, so that none waits for what another left. */
  public async newState(): Promise<void> {
    this.#states += 1;
    await this.device.sh('balena-engine rm --force balena-backup-run >/dev/null 2>&1 || :');
  }

  public environment(): Readonly<Record<string, string>> {
    const { host, port } = this.lab.server.collector;
    const slowUrl = `--rsync-options=--bwlimit=600 rsync://root@${host}:${String(port)}//backups/$UUID`;
    const state = join(this.lab.folder, `state${String(this.#states)}`);
    return this.lab.environment({ BACKUP_URL: slowUrl, STATE_DIR: state });
  }

  public async begin(): Promise<CommandProcess> {
    await this.change();
    return startCommand(this.environment(), 'restore', this.device.uuid, '--yes');
  }

  /** The volumes are changed now, so that old and new can be told apart. */
  public async change(): Promise<void> {
    await this.device.putFiles('data', { 'logs/app.log': `changed ${String(Date.now())}`, extra: 'x' });
    await this.device.putFiles('settings', { 'a/b.txt': 'changed' });
    this.#bad = this.#trees();
  }

  /** The same words, with the patience that the lease of a command that was killed asks for. */
  public again(): Promise<CommandResult> {
    return command(this.environment(), 'restore', this.device.uuid, '--yes', '--wait');
  }

  public async reached(phase: Phase, running: CommandProcess | null): Promise<void> {
    const look = PHASES[phase];
    if (look === null) return running?.says(/.\n/);
    await until(phase, async () => ((await this.device.sh(`${look} 2>/dev/null || :`)) === '' ? null : true), 90_000);
  }

  /**
   * Which content each volume has, once nothing moves any more: the services are as they were, unless the engine may not be
   * able to start one, and no file is left over.
   */
  public async settled(engineMayRefuse = false): Promise<readonly string[]> {
    await until('the run to have ended on the device', () => this.#isQuiet(engineMayRefuse), 120_000);
    const now = this.#trees();
    const left = await this.device.sh(
      `find /run/balena-backup /tmp/balena-supervisor ${STAGING} -mindepth 1 ! -type d ! -path '${STAGING}/undo/*' 2>/dev/null || :`,
    );
    expect(left).toBe('');
    return VOLUMES.map((volume) => {
      const is = (tree: Tree | undefined): boolean => differencesOf(tree ?? {}, now[volume] ?? {}).length === 0;
      return is(this.#good[volume]) ? 'restored' : is(this.#bad[volume]) ? 'as before' : 'a mixture';
    });
  }

  public async hasContainer(): Promise<boolean> {
    return (await this.device.containers()).some(({ name }) => name === 'balena-backup-run');
  }

  async #isQuiet(engineMayRefuse: boolean): Promise<true | null> {
    const all = await this.device.containers();
    const services = all.filter(({ labels }) => labels['io.balena.service-name'] !== undefined);
    const states = services.map(({ labels, state }) => `${labels['io.balena.service-name'] ?? ''} ${state}`).sort();
    const runs = all.filter(({ name }) => name === 'balena-backup-run');
    const areServicesBack = engineMayRefuse || states.join(', ') === SERVICES;
    return runs.every(({ state }) => state === 'exited') && areServicesBack ? true : null;
  }

  #trees(): Trees {
    return Object.fromEntries(VOLUMES.map((volume) => [volume, treeOf(this.device.volumePath(volume))]));
  }
}

/** The volumes are backed up and their services run. */
async function startRestoreScene(): Promise<RestoreScene> {
  const lab = await startLab();
  const fleet = lab.addFleet({ name: 'home', tags: { backupEnabled: 'true', backupSchedule: '@monthly' } });
  const device = await lab.addDevice({ fleet, name: 'kitchen' });
  await device.seedVolume('data');
  await device.putFiles('settings', { 'a/b.txt': 'first' });
  await device.startService('web', 'data');
  await startStubbornService(device, lab.server.duplicityImage);
  expect((await command(lab.environment(), 'backup', device.uuid)).code).toBe(0);
  return new RestoreScene(lab, device);
}

/** It takes five seconds to stop, so that an exchange can be cut off. */
async function startStubbornService(device: LabDevice, image: string): Promise<void> {
  const labels = { 'io.balena.service-name': 'stubborn', 'io.balena.app-id': String(device.fleetId) };
  const options = Object.entries(labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]);
  const mounts = ['--volume', `${String(device.fleetId)}_settings:/data`];
  const script = "trap '' TERM; while :; do sleep 1; done";
  await device.docker([
    ...['run', '--detach', '--name', 'stubborn', '--restart', 'always', '--stop-timeout', '5', ...options, ...mounts],
    ...['--entrypoint', 'sh', image, '-c', script],
  ]);
}

/** The scene of the tests of a block, in a new state for each of them. */
export function restoreScene(): () => RestoreScene {
  let scene: RestoreScene;

  beforeAll(async () => {
    scene = await startRestoreScene();
  });

  afterAll(async () => {
    await scene.lab.stop();
  });

  beforeEach(() => scene.newState());

  return () => scene;
}

/** What cuts a restore off: whether its command lives on, and what the volumes are then. */
export interface Cut {
  readonly name: string;
  readonly happens: (scene: RestoreScene, running: CommandProcess) => Promise<void>;
  readonly becomes: Readonly<Record<Phase, readonly (readonly string[])[]>>;
  /** The phase in which the engine starts services, which it may never be able to afterwards, whoever asks. */
  readonly engineMayRefuseIn?: Phase;
}

/**
 * Each cut in each phase: never a mixture, services as they were, nothing left; and the same words again, which take up
 * what was left or begin anew, end it well.
 */
export function defineCuts(cuts: readonly Cut[]): void {
  const sceneOf = restoreScene();

  const rows = cuts.flatMap((cut) =>
    Object.entries(cut.becomes).map(([phase, becomes]) => ({ ...cut, phase, becomes })),
  );
  it.each(rows)('$name $phase', async ({ happens, phase, becomes, engineMayRefuseIn }) => {
    const scene = sceneOf();
    const running = await scene.begin();
    await scene.reached(phaseOf(phase), running);

    await happens(scene, running);
    await running.ended;

    const engineMayRefuse = phase === engineMayRefuseIn;
    expect(becomes).toContainEqual(await scene.settled(engineMayRefuse));
    const again = await scene.again();
    expect(again).toMatchObject({ code: 0 });
    expect(await scene.settled(engineMayRefuse)).toEqual(RESTORED);
    expect(await scene.hasContainer()).toBe(false);
  });
}

function phaseOf(name: string): Phase {
  const found = Object.keys(PHASES).find((phase): phase is Phase => phase === name);
  if (found === undefined) throw new Error(`there is no phase "${name}"`);
  return found;
}
