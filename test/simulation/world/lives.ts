import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Simulated, Simulation } from './simulate';

/** What a thread is asked for. */
export type LifeOrder = Pick<Simulation, 'seed' | 'days'>;

/** Worlds that live in a thread of their own: in a test's sandbox each look at a global object costs, a third of all in the end. */
export interface Lives {
  /** Lets the world of this seed live, and gives its life for `expect`: without violations, or with how to see them again. */
  livedThrough(order: LifeOrder): Promise<Simulated>;
  end(): Promise<unknown>;
}

const TYPESCRIPT = join(__dirname, '..', '..', '..', 'scripts', 'typescript.cjs');

export function startLives(): Lives {
  const execArgv = ['--disable-warning=ExperimentalWarning', '--require', TYPESCRIPT];
  const worker = new Worker(join(__dirname, 'lifethread.ts'), {
    execArgv,
    resourceLimits: { maxYoungGenerationSizeMb: 64 },
  });
  return {
    livedThrough: async (order) => {
      const lived = new Promise<Simulated>((resolve, reject) => {
        worker.once('error', reject);
        worker.once('message', (simulated: Simulated) => {
          worker.off('error', reject);
          resolve(simulated);
        });
      });
      worker.postMessage(order);
      return withoutViolations(await lived);
    },
    end: () => worker.terminate(),
  };
}

function withoutViolations(simulated: Simulated): Simulated {
  if (simulated.violations.length === 0) return simulated;
  const broken = simulated.violations.map(({ law, detail }) => `  ${law}: ${detail}`);
  const again = `SIM_SEED=${String(simulated.seed)} npm run test:simulation`;
  throw new Error(
    `the world of seed ${String(simulated.seed)} breaks laws:\n${broken.join('\n')}\nSee it again with: ${again}`,
  );
}
