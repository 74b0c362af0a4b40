import { heal, mischiefOf } from './mischief';
import { Random } from './random';
import type { Sabotage } from './simcontroller';
import type { Violation } from './known';
import { DAY, HOUR, MINUTE, World, type WorldOptions } from './world';

export interface Simulated {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly deviceYears: number;
  readonly skewsMs: readonly number[];
  readonly counts: Readonly<Record<string, number>>;
}

export interface Simulation {
  readonly seed: number;
  readonly days: number;
  readonly sabotage?: Sabotage;
  readonly devices?: number;
  /** Nothing goes wrong, there is room for every run, and the fleet is read every minute, as it is by default. */
  readonly isCalm?: boolean;
}

const TROUBLE_MS = 9 * DAY;
/** The longest backoff, the longest run, and time to work off a queue. */
const HEALTH_MS = 15 * HOUR;

/** Lets a world live, with trouble for days and then a time of health in which everything must be made up for. */
export async function simulate(simulation: Simulation): Promise<Simulated> {
  const { seed, days, isCalm = false } = simulation;
  const options = optionsOf(simulation);
  const world = new World(options);
  const { time, watch } = world;
  world.startController();
  let isTrouble = false;
  for (const mischief of mischiefOf(world, options.periods)) {
    const again = (): void => {
      time.after(world.random.waitMs(mischief.everyMs), () => {
        if (isTrouble) mischief.happens(world);
        again();
      });
    };
    again();
  }
  const end = time.trueMs + days * DAY;
  const check = (): void => {
    watch.check();
  };
  while (time.trueMs < end && watch.violations.length === 0) {
    isTrouble = !isCalm;
    world.trouble = isCalm ? 0 : 1;
    await time.run(time.trueMs + TROUBLE_MS, check);
    isTrouble = false;
    heal(world);
    const since = time.trueMs;
    await time.run(since + HEALTH_MS, check);
    if (!watch.isSuspended) {
      for (const uuid of world.overdueSince(since)) watch.fail('converges', `${uuid} is still overdue after health`);
    }
  }
  world.controller?.life.end();
  const lived = (time.trueMs - (end - days * DAY)) / (365 * DAY);
  return {
    seed,
    violations: watch.violations,
    deviceYears: lived * options.devices,
    skewsMs: watch.skewsMs,
    counts: watch.counts,
  };
}

/** So many devices with a weekly schedule come to one with another. */
const weeklyBut = (count: number, periodMs: number): readonly number[] => [
  ...Array.from({ length: count }, () => 7 * DAY),
  periodMs,
];
const PERIODS = [[7 * DAY], weeklyBut(30, DAY), weeklyBut(80, 6 * HOUR)];

const CALM = { periods: [6 * HOUR], intervalMs: MINUTE, maxConcurrentRuns: 1000, startingDeadlineMs: null };

/** How many devices the world of this seed has. */
export function devicesOf(seed: number): number {
  return devicesIn(randomOf(seed));
}

function devicesIn(random: Random): number {
  return random.whole(20, 80);
}

function randomOf(seed: number): Random {
  return new Random(seed ^ 0x5eed);
}

function optionsOf({ seed, sabotage = {}, devices, isCalm = false }: Simulation): WorldOptions {
  const random = randomOf(seed);
  if (isCalm) return { ...CALM, seed, sabotage, devices: devices ?? 100 };
  return {
    seed,
    sabotage,
    devices: devices ?? devicesIn(random),
    periods: random.pick(PERIODS),
    intervalMs: random.pick([3 * HOUR, 4 * HOUR, 6 * HOUR]),
    maxConcurrentRuns: random.whole(1, 6),
    startingDeadlineMs: random.pick([null, null, 6 * HOUR, DAY]),
  };
}
