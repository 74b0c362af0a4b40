import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { Simulated, Simulation } from './simulate';

/** What a thread is asked for. */
export type LifeOrder = Pick<Simulation, 'seed' | 'days'>;

/**
 * Worlds that live in threads, one for each processor, since in a test's sandbox each look at a global object costs a
 * third of all in the end. A thread takes one world after the other: in the first two it still learns what to compile.
 */
export interface Lives {
  /** Gives the life of the ordered world of this seed to `expect`: without violations, or with how to see them again. */
  livedThrough(seed: number): Promise<Simulated>;
  end(): Promise<unknown>;
}

const TYPESCRIPT = join(__dirname, '..', '..', '..', 'scripts', 'typescript.cjs');

/** A world's life, or what its thread failed with. */
type Ending = Either<Error, Simulated>;

type Ordered = PromiseWithResolvers<Ending> & { readonly order: LifeOrder };

/** Starts the threads, and has each take the next order when it has done one. */
export function startLives(orders: readonly LifeOrder[]): Lives {
  const worlds = new Map(orders.map((order) => [order.seed, { order, ...Promise.withResolvers<Ending>() }]));
  const queue = worlds.values();
  const threads = Array.from({ length: availableParallelism() }, startThread);
  for (const thread of threads) void workOff(queue, thread);
  return {
    livedThrough: async (seed) => {
      const ending = await worlds.get(seed)?.promise;
      if (ending === undefined) throw new RangeError(`the world of seed ${String(seed)} was not ordered`);
      if (isLeft(ending)) throw ending.left;
      return withoutViolations(ending.right);
    },
    end: () => Promise.all(threads.map((thread) => thread.terminate())),
  };
}

function startThread(): Worker {
  const execArgv = ['--disable-warning=ExperimentalWarning', '--require', TYPESCRIPT];
  return new Worker(join(__dirname, 'lifethread.ts'), { execArgv, resourceLimits: { maxYoungGenerationSizeMb: 64 } });
}

/** A thread that has failed is gone: what still waits is told so, that nobody waits in vain. */
async function workOff(queue: Iterable<Ordered>, thread: Worker): Promise<void> {
  let gone: Ending | null = null;
  for (const world of queue) {
    const { seed } = world.order;
    const ending = gone ?? (await lifeIn(thread, world.order));
    world.resolve(ending);
    if (isLeft(ending)) gone ??= left(new Error(`not lived: the world of seed ${String(seed)} has ended its thread`));
  }
}

function lifeIn(thread: Worker, order: LifeOrder): Promise<Ending> {
  return new Promise((resolve) => {
    const fail = (error: Error): void => {
      resolve(left(error));
    };
    thread.once('error', fail);
    thread.once('message', (simulated: Simulated) => {
      thread.off('error', fail);
      resolve(right(simulated));
    });
    thread.postMessage(order);
  });
}

function withoutViolations(simulated: Simulated): Simulated {
  if (simulated.violations.length === 0) return simulated;
  const broken = simulated.violations.map(({ law, detail }) => `  ${law}: ${detail}`);
  const again = `SIM_SEED=${String(simulated.seed)} npm run test:simulation`;
  throw new Error(
    `the world of seed ${String(simulated.seed)} breaks laws:\n${broken.join('\n')}\nSee it again with: ${again}`,
  );
}
