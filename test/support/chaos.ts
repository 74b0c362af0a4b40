import { appendFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openReader } from '../../src/ledger/reader';
import { differencesOf } from '../demo/proofs';
import type { LabDevice } from '../lab/device';
import { makeClockImage } from '../lab/deviceclock';
import { type Lab, startLab } from '../lab/lab';
import { type ControllerProcess, type LogLine, startController } from './controller';
import { restoreWithDuplicity } from './duplicity';
import { treeOf } from './tree';
import { until } from './wait';

/** Where in its life a run is when something happens to it. */
export type Moment = (typeof MOMENTS)[number];

export const MOMENTS = ['connecting', 'preparing', 'pulling', 'running', 'verifying', 'collecting'] as const;

const VOLUME = 'data';

/** One device and its controller in a lab, to which things are done while a backup is under way. */
export class ChaosScene {
  public readonly lab: Lab;
  public readonly device: LabDevice;
  readonly #image: string;
  readonly #lives: ControllerProcess[] = [];
  #tokens = 0;

  public constructor(lab: Lab, device: LabDevice, image: string) {
    this.lab = lab;
    this.device = device;
    this.#image = image;
  }

  public get controller(): ControllerProcess {
    const life = this.#lives.at(-1);
    if (life === undefined) throw new Error('no controller has been started');
    return life;
  }

  public async start(): Promise<void> {
    const shim = join(__dirname, 'clockshift.cjs');
    const clock = { NODE_OPTIONS: `--require "${shim}"`, CLOCK_SHIFT_FILE: this.#clockFile };
    this.#lives.push(startController(this.#environment(clock)));
    await this.controller.waitFor('the first pass', (line) => line['event'] === 'reconcile.finished');
  }

  /** SIGKILL, and a new life. */
  public async killController(): Promise<void> {
    this.controller.signal('SIGKILL');
    await this.controller.exited;
    await this.start();
  }

  public async stop(): Promise<void> {
    await this.#lives.at(-1)?.stop();
    await this.lab.stop();
  }

  /** The controller's wall clock is wrong by so much from now on. */
  public stepClock(ms: number): void {
    writeFileSync(this.#clockFile, String(ms));
  }

  /** Has a backup made, with something done to it at one moment, and gives the line of its success. */
  public async backUpWith(moment: Moment, happens: () => Promise<void>): Promise<LogLine> {
    this.#tokens += 1;
    const slot = `request:token ${String(this.#tokens)}`;
    await this.device.putFiles(VOLUME, { [`changed ${String(this.#tokens)}`]: slot });
    this.lab.setTag(this.device, 'backupRequest', slot.slice('request:'.length));
    await this.controller.waitFor(`${moment} of ${slot}`, (line) => line['slot'] === slot && isAt(moment, line));
    await happens();
    const isSuccess = (line: LogLine): boolean => line['slot'] === slot && line['event'] === 'run.succeeded';
    await until(`the success of ${slot}`, () => this.#lines().find(isSuccess), 240_000).catch((error: unknown) => {
      const told = this.controller.lines.slice(-25).map((line) => JSON.stringify(line));
      throw new Error(`${String(error)}; the log ended with\n${told.join('\n')}`);
    });
    const successes = this.#lines().filter(isSuccess);
    expect(successes).toHaveLength(1);
    return successes[0] ?? {};
  }

  /** The state of rest: nothing left behind anywhere, and the chain holds what the device holds. */
  public async expectRest(): Promise<void> {
    const { device, lab } = this;
    await until('the containers to be gone', async () => ((await device.containers()).length === 0 ? true : null));
    const reader = openReader(lab.environment()['STATE_DIR'] ?? '');
    await until('the ledger to know of no active run', () => (reader.active().length === 0 ? true : null));
    expect(await device.sh('find /run/balena-backup -type f 2>/dev/null || :')).toBe('');
    const restored = restoreWithDuplicity(lab.storeOf(device), lab.passphrase);
    try {
      expect(readdirSync(restored.folder)).toEqual([VOLUME]);
      const [there, here] = [treeOf(device.volumePath(VOLUME)), treeOf(join(restored.folder, VOLUME))];
      expect(differencesOf(there, here)).toEqual([]);
    } finally {
      restored.remove();
    }
  }

  /** The run that something happens to has ended, well or not. */
  public async runEnded(): Promise<void> {
    await until('the run to end', () => (this.#ends().length > 0 ? true : null), 120_000);
  }

  public fillStore(): void {
    try {
      for (;;) appendFileSync(this.#filler, Buffer.alloc(1 << 20));
    } catch (error) {
      if (!isFull(error)) throw error;
    }
  }

  public emptyStore(): void {
    rmSync(this.#filler, { force: true });
  }

  get #filler(): string {
    return join(this.lab.server.backups, 'filler');
  }

  get #clockFile(): string {
    return join(this.lab.folder, 'clock-shift');
  }

  #environment(over: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
    return this.lab.environment({ RECONCILE_INTERVAL: '2s', DOCKER_IMAGE: this.#image, ...over });
  }

  /** The ends of the runs for the token of now. */
  #ends(): readonly LogLine[] {
    const slot = `request:token ${String(this.#tokens)}`;
    return this.#lines().filter(
      (line) => line['slot'] === slot && (line['event'] === 'run.succeeded' || line['event'] === 'run.failed'),
    );
  }

  #lines(): readonly LogLine[] {
    return this.#lives.flatMap(({ lines }) => [...lines]);
  }
}

function isFull(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOSPC';
}

/** `collecting`: its result is in the ledger and the container not yet gone. */
function isAt(moment: Moment, line: LogLine): boolean {
  if (moment === 'connecting') return line['event'] === 'run.started';
  if (moment === 'collecting') return line['event'] === 'run.succeeded';
  return line['event'] === 'run.progressed' && line['phase'] === moment;
}

/** A lab with one device that has been backed up once; disks are small enough to be filled. */
export async function startScene(): Promise<ChaosScene> {
  const lab = await startLab({ storeMiB: 64 });
  const fleet = lab.addFleet({ name: 'chaos' });
  const tags = { backupEnabled: 'true', backupSchedule: '@monthly' };
  const device = await lab.addDevice({ fleet, name: 'kitchen', tags, diskMiB: 1200 });
  await device.seedVolume(VOLUME);
  const scene = new ChaosScene(lab, device, await makeClockImage(device, lab.server.duplicityImage));
  await scene.start();
  await scene.backUpWith('connecting', () => Promise.resolve());
  return scene;
}
