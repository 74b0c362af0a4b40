import { type Either, left, right } from 'fp-ts/Either';
import type { DeviceUuid } from '../../../src/model/brand';
import type { Device, Fleet } from '../../../src/model/device';
import type { Failure } from '../../../src/model/failure';
import type { FleetApi, FleetReading, Session, Transport } from '../../../src/model/ports';
import { aFleet, tagsOf } from '../../support/desired';
import type { Life } from './life';
import type { Random } from './random';
import type { SimDevice } from './simdevice';
import type { VirtualTime } from './virtualtime';

/** A schedule whose slots can be told without a cron library. */
export interface Plan {
  readonly text: string;
  readonly periodMs: number;
  readonly offsetMs: number;
}

/** What is asked for one device. */
export interface Asked {
  readonly enabled: boolean;
  readonly plan: Plan;
  readonly request: string | null;
  /** A tag that cannot be read: the device's policy is rejected. */
  readonly isSpoiled: boolean;
}

/** What one answer of the API said. */
export type Answer = ReadonlyMap<DeviceUuid, { readonly asked: Asked; readonly isConnected: boolean }>;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export function aPlan(random: Random, periods: readonly number[]): Plan {
  const periodMs = random.pick(periods);
  const minute = random.whole(0, 59);
  const hour = random.whole(0, 23);
  if (periodMs < DAY) {
    const hours = periodMs / HOUR;
    const text = hours === 1 ? `${String(minute)} * * * *` : `${String(minute)} */${String(hours)} * * *`;
    return { text, periodMs, offsetMs: minute * MINUTE };
  }
  const timeMs = hour * HOUR + minute * MINUTE;
  if (periodMs === DAY) return { text: `${String(minute)} ${String(hour)} * * *`, periodMs, offsetMs: timeMs };
  const weekday = random.whole(0, 6);
  // 1970 began with a Thursday.
  return {
    text: `${String(minute)} ${String(hour)} * * ${String(weekday)}`,
    periodMs: 7 * DAY,
    offsetMs: ((weekday + 3) % 7) * DAY + timeMs,
  };
}

/** The latest slot at or before; strictly before it there is another a period earlier. */
export function latestSlotOf({ periodMs, offsetMs }: Plan, atMs: number): number {
  return Math.floor((atMs - offsetMs) / periodMs) * periodMs + offsetMs;
}

export type ApiMood = 'good' | 'slow' | 'error' | 'busy' | 'silent' | 'refusing';

/** The fleet as balena's API shows it, and the ways to its devices; both can be out of order. */
export class SimFleet {
  public mood: ApiMood = 'good';
  public refusesSsh = false;
  public readonly devices = new Map<DeviceUuid, SimDevice>();
  readonly #asked = new Map<DeviceUuid, Asked>();
  readonly #rows = new Map<DeviceUuid, Device>();
  readonly #fleet: Fleet = aFleet();
  readonly #time: VirtualTime;
  readonly #random: Random;

  public constructor(time: VirtualTime, random: Random) {
    this.#time = time;
    this.#random = random;
  }

  public add(device: SimDevice, asked: Asked): void {
    this.devices.set(device.uuid, device);
    this.#asked.set(device.uuid, asked);
  }

  public askedOf(uuid: DeviceUuid): Asked {
    const asked = this.#asked.get(uuid);
    if (asked === undefined) throw new RangeError('there is no such device');
    return asked;
  }

  public ask(uuid: DeviceUuid, over: Partial<Asked>): void {
    this.#asked.set(uuid, { ...this.askedOf(uuid), ...over });
    this.#rows.delete(uuid);
  }

  /** The API for one life of the controller; `read` hears what each answer said. */
  public apiFor(life: Life, read: (answer: Answer) => void): Pick<FleetApi, 'readDevices'> {
    return {
      readDevices: (signal, share = (device) => device) =>
        new Promise((resolve) => {
          const [waitMs, failure] = this.#moodOf();
          const answer = (reading: Either<Failure, FleetReading>): void => {
            if (life.isOver) return;
            if (reading._tag === 'Right') read(this.#answer());
            resolve(reading);
          };
          this.#time.after(waitMs, () => {
            answer(failure === null ? right(this.#reading(share)) : left(failure));
          });
          signal.addEventListener('abort', () => {
            answer(left({ kind: 'cancelled', by: 'shutdown' }));
          });
        }),
    };
  }

  public transportFor(life: Life): Transport {
    return {
      name: 'simulated',
      open: (device, signal) =>
        new Promise((resolve) => {
          const answer = (opened: Either<Failure, Session>): void => {
            if (!life.isOver) resolve(opened);
          };
          signal.addEventListener('abort', () => {
            answer(left({ kind: 'cancelled', by: 'shutdown' }));
          });
          this.#reach(device.uuid, life, answer);
        }),
      close: () => undefined,
    };
  }

  #moodOf(): readonly [number, Failure | null] {
    const failed = (status: number | null, retryAfterMs: number | null = null): Failure => ({
      kind: 'api-unavailable',
      status,
      retryAfterMs,
      detail: 'a fault of the simulation',
    });
    switch (this.mood) {
      case 'good':
        return [this.#random.waitMs(200), null];
      case 'slow':
        return [Math.min(59_000, this.#random.waitMs(20_000)), null];
      case 'error':
        return [100, failed(500)];
      case 'busy':
        return [50, failed(429, this.#random.pick([null, 30_000, 600_000]))];
      case 'silent':
        return [60_000, failed(null)];
      case 'refusing':
        return [100, { kind: 'auth-rejected', who: 'api', detail: 'no' }];
    }
  }

  #answer(): Answer {
    return new Map(
      [...this.devices].map(([uuid, { isOn }]) => [uuid, { asked: this.askedOf(uuid), isConnected: isOn }]),
    );
  }

  #reading(share: (device: Device) => Device): FleetReading {
    return { devices: [...this.devices.values()].map((device) => share(this.#rowOf(device))), unreadable: [] };
  }

  #rowOf({ uuid, isOn }: SimDevice): Device {
    const known = this.#rows.get(uuid);
    if (known?.connected === isOn) return known;
    const { enabled, plan, request, isSpoiled } = this.askedOf(uuid);
    const tags = tagsOf({
      backupEnabled: String(enabled),
      backupSchedule: isSpoiled ? 'whenever' : plan.text,
      ...(request === null ? {} : { backupRequest: request }),
    });
    const row = { uuid, name: uuid.slice(0, 7), fleet: this.#fleet, tags, connected: isOn };
    this.#rows.set(uuid, row);
    return row;
  }

  #reach(uuid: DeviceUuid, life: Life, answer: (opened: Either<Failure, Session>) => void): void {
    const device = this.devices.get(uuid);
    const isThere = device?.isOn === true;
    this.#time.after(isThere ? 2 * device.latencyMs : 15_000, () => {
      if (life.isOver) return;
      if (this.refusesSsh) answer(left({ kind: 'auth-rejected', who: 'ssh', detail: 'no' }));
      else if (device?.isOn !== true) {
        answer(left({ kind: 'device-unreachable', phase: 'connect', detail: 'it does not answer' }));
      } else {
        const link = device.connect();
        life.atEnd(() => {
          link.break(0);
        });
        answer(right(link.session));
      }
    });
  }
}
