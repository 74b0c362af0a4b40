import { DatabaseSync } from 'node:sqlite';
import { migrate } from '../../../src/ledger/schema';
import type { DeviceUuid } from '../../../src/model/brand';
import { Secret } from '../../../src/model/secret';
import type { Settings } from '../../../src/model/settings';
import { slotBook } from '../../../src/reconciler/slotbook';
import { aUuid } from '../../support/desired';
import { given, policyDefaultsOf, settingsOf } from '../../support/settings';
import { aPlan, type ApiMood, SimFleet } from './fleet';
import { isEnabled, unmetOf } from './known';
import { Random } from './random';
import { type Sabotage, type SimController, startController } from './simcontroller';
import { type ContainerEnd, type DeviceWorld, type Order, SimDevice } from './simdevice';
import { VirtualTime } from './virtualtime';
import { Watch } from './watch';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export interface WorldOptions {
  readonly seed: number;
  readonly devices: number;
  readonly periods: readonly number[];
  readonly intervalMs: number;
  readonly maxConcurrentRuns: number;
  readonly startingDeadlineMs: number | null;
  readonly sabotage: Sabotage;
}

const START = Date.UTC(2026, 0, 1);
const STORE = 's3://backups';

const GOOD =
  '{"ok":true,"mode":"inc","snapshotAt":"20260101T000000Z","volumes":["data"],"emptyVolumes":[],"statistics":{"sourceFiles":1,"sourceBytes":1,"newFiles":1,"changedFiles":0,"deletedFiles":0,"storedBytes":1,"errors":0}}';

const failedWith = (exit: number, words: string): string =>
  JSON.stringify({ ok: false, step: 'backup', exit, error: String(exit), words, limit: '' });

/** What a container may say instead of having done its work, and how often each is meant to come. */
const BAD_ENDS: readonly (string | null)[] = [
  failedWith(30, 'AssertionError'),
  failedWith(30, 'AssertionError'),
  failedWith(17, 'no chain'),
  failedWith(53, 'No space left on device /archive'),
  '{"ok":false,"kind":"volume-emptied","names":["data"]}',
  '{"ok":false,"step":"backup","exit":137,"error":"","words":"","limit":"stall"}',
  GOOD.replace('"errors":0', '"errors":1'),
  null,
];

/** A fleet, its API, its ways, its store and its controller, all in virtual time and all out of one seed. */
export class World implements DeviceWorld {
  public readonly time = new VirtualTime(START);
  public readonly random: Random;
  public readonly fleet: SimFleet;
  public readonly watch: Watch;
  /** 0 to 1: how much goes wrong by itself. */
  public trouble = 0;
  public isStoreDown = false;
  public controller: SimController | null = null;
  readonly #database = new DatabaseSync(':memory:');
  readonly #options: WorldOptions;
  readonly #settings: Settings;
  /** It only saves time, so every life may have it as the former one has left it. */
  readonly #slots = slotBook();

  public constructor(options: WorldOptions) {
    this.#options = options;
    this.random = new Random(options.seed);
    this.fleet = new SimFleet(this.time, this.random);
    this.#settings = settingsFor(options);
    const { runTimeoutMs, startingDeadlineMs: deadlineMs, maxConcurrentRuns } = this.#settings;
    this.watch = new Watch({ time: this.time, deadlineMs, maxConcurrentRuns, runTimeoutMs });
    migrate(this.#database, ':memory:');
    for (let n = 1; n <= options.devices; n += 1) this.#addDevice(n);
  }

  public get devices(): readonly SimDevice[] {
    return [...this.fleet.devices.values()];
  }

  public get runTimeoutMs(): number {
    return this.#settings.runTimeoutMs;
  }

  public get isUp(): boolean {
    return this.controller !== null && !this.controller.life.isOver;
  }

  public startController(): void {
    if (this.isUp) return;
    const { time, random, fleet, watch } = this;
    const own = { database: this.#database, settings: this.#settings, slots: this.#slots };
    const parts = { time, random, fleet, watch, ...own };
    this.controller = startController({ ...parts, sabotage: this.#options.sabotage });
  }

  public durationMs(): number {
    const isLong = this.random.chance(0.01 * this.trouble);
    return this.random.waitMs(isLong ? 3 * HOUR : 2 * MINUTE);
  }

  public endOf(): ContainerEnd {
    if (this.isStoreDown) return endWith(failedWith(50, 'returned 255: Connection refused'));
    if (this.random.chance(0.1 * this.trouble)) return endWith(this.random.pick(BAD_ENDS));
    return { result: GOOD, exitCode: 0, isStored: true };
  }

  public losesReply(): boolean {
    return this.random.chance(0.05 * this.trouble);
  }

  public asked(device: SimDevice, order: Order): void {
    this.watch.asked(device, order);
  }

  public started(device: SimDevice, order: Order): void {
    this.watch.started(device, order);
  }

  public stored(_device: SimDevice, order: Order): void {
    this.watch.stored(order.nonce);
  }

  public setMood(mood: ApiMood): void {
    this.fleet.mood = mood;
  }

  /** Devices that, after a time in which nothing was wrong, still miss what was due before `since`. */
  public overdueSince(since: number): readonly DeviceUuid[] {
    const { known, rules } = this.watch;
    return [...known.values()]
      .filter((each) => isEnabled(each) && each.isConnected)
      .filter((each) => {
        const unmet = unmetOf(each, this.time.now(), rules);
        return unmet !== null && (unmet.slot.kind === 'request' || unmet.since <= since);
      })
      .map(({ uuid }) => uuid);
  }

  #addDevice(n: number): void {
    const device = new SimDevice(aUuid(n), this);
    device.latencyMs = this.random.pick([20, 50, 200, 3000]);
    const plan = aPlan(this.random, this.#options.periods);
    this.fleet.add(device, { enabled: this.random.chance(0.95), plan, request: null, isSpoiled: false });
  }
}

function endWith(result: string | null): ContainerEnd {
  return { result, exitCode: result === null ? 137 : 0, isStored: false };
}

function settingsFor({ intervalMs, maxConcurrentRuns, startingDeadlineMs }: WorldOptions): Settings {
  return settingsOf({
    // What the store asks for.
    environment: new Map([
      ['AWS_ACCESS_KEY_ID', 'id'],
      ['AWS_SECRET_ACCESS_KEY', 'secret'],
    ]),
    passphrase: new Secret('of the simulation'),
    defaults: policyDefaultsOf({ url: given('BACKUP_URL', `${STORE}/$UUID`) }),
    reconcileIntervalMs: intervalMs,
    maxConcurrentRuns,
    startingDeadlineMs,
    runTimeoutMs: 6 * HOUR,
  });
}
