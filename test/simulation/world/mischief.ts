import type { ApiMood } from './fleet';
import { aPlan } from './fleet';
import { DAY, HOUR, MINUTE, type World } from './world';

/** What goes wrong in a world, each by itself and at its own pace, while there is trouble. */
export interface Mischief {
  readonly name: string;
  /** Mean time between two of them. */
  readonly everyMs: number;
  readonly happens: (world: World) => void;
}

const MOODS: readonly ApiMood[] = ['slow', 'error', 'busy', 'silent', 'refusing'];

function later(world: World, meanMs: number, work: () => void): void {
  world.time.after(world.random.waitMs(meanMs), work);
}

export function mischiefOf(world: World, periods: readonly number[]): readonly Mischief[] {
  const { random, fleet, watch } = world;
  const perDevice = (meanMs: number): number => meanMs / Math.max(1, world.devices.length);
  return [
    {
      name: 'a device goes off, for minutes or for weeks, and may lose its card',
      everyMs: perDevice(4 * DAY),
      happens: () => {
        const device = random.pick(world.devices);
        if (!device.isOn) return;
        device.turnOff();
        later(world, random.pick([2 * MINUTE, HOUR, 12 * HOUR, 5 * DAY]), () => {
          if (!device.isOn) device.turnOn(random.chance(0.1));
        });
      },
    },
    {
      name: 'a link breaks',
      everyMs: perDevice(DAY),
      happens: () => {
        random.pick(world.devices).cutLinks(random.chance(0.5));
      },
    },
    {
      name: "a device's engine hangs, for minutes or for half a day",
      everyMs: perDevice(30 * DAY),
      happens: () => {
        const device = random.pick(world.devices);
        device.hang();
        later(world, random.pick([10 * MINUTE, HOUR, 12 * HOUR]), () => {
          device.recover();
        });
      },
    },
    {
      name: 'the API is out of order',
      everyMs: 2 * DAY,
      happens: () => {
        world.setMood(random.pick(MOODS));
        later(world, 30 * MINUTE, () => {
          world.setMood('good');
        });
      },
    },
    {
      name: 'the store is out of order',
      everyMs: 5 * DAY,
      happens: () => {
        world.isStoreDown = true;
        later(world, 3 * HOUR, () => {
          world.isStoreDown = false;
        });
      },
    },
    {
      name: 'our key is refused',
      everyMs: 15 * DAY,
      happens: () => {
        fleet.refusesSsh = true;
        later(world, 2 * HOUR, () => {
          fleet.refusesSsh = false;
        });
      },
    },
    {
      name: 'the controller is killed, in a call of its ledger or anywhere, or stopped',
      everyMs: 2 * DAY,
      happens: () => {
        const { controller } = world;
        if (controller === null || controller.life.isOver) return;
        controller.life.atEnd(() => {
          world.time.after(random.pick([10_000, MINUTE, 3 * HOUR]), () => {
            world.startController();
          });
        });
        if (random.chance(0.6)) controller.killIn(random.whole(1, 20), random.pick(['before', 'after']));
        else if (random.chance(0.5)) controller.stop();
        else controller.life.end();
      },
    },
    {
      name: 'the clock is wrong for a while',
      everyMs: 40 * DAY,
      happens: () => {
        const errorMs = random.pick([-20 * DAY, -DAY, -HOUR, -90_000, 90_000, HOUR, 3 * DAY, 400 * DAY]);
        const lastsMs = random.waitMs(3 * HOUR);
        world.time.clockErrorMs = errorMs;
        watch.suspend(lastsMs + Math.min(Math.abs(errorMs), DAY) + 14 * HOUR);
        world.time.after(lastsMs, () => {
          world.time.clockErrorMs = 0;
        });
      },
    },
    {
      name: 'a person edits tags',
      everyMs: perDevice(30 * DAY),
      happens: () => {
        const { uuid } = random.pick(world.devices);
        fleet.ask(
          uuid,
          random.pick([
            { enabled: random.chance(0.8) },
            { plan: aPlan(random, periods) },
            { request: random.hex(4) },
            { request: random.hex(4) },
            { isSpoiled: random.chance(0.3) },
          ]),
        );
      },
    },
    {
      name: 'a person asks for a pass',
      everyMs: 10 * DAY,
      happens: () => {
        if (world.isUp) world.controller?.resync();
      },
    },
  ];
}

/** Everything works from now on. What is out of order for a while yet is put right at once. */
export function heal(world: World): void {
  world.trouble = 0;
  world.isStoreDown = false;
  world.setMood('good');
  world.fleet.refusesSsh = false;
  world.time.clockErrorMs = 0;
  for (const device of world.devices) {
    device.recover();
    if (!device.isOn) device.turnOn(false);
  }
  for (const { uuid } of world.devices)
    if (world.fleet.askedOf(uuid).isSpoiled) world.fleet.ask(uuid, { isSpoiled: false });
  world.startController();
}
