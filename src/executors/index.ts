import type { Adopter, Executors } from '../model/ports';
import type { Outcome } from '../model/run';
import type { RunTools } from './tools';

export type { RunTools } from './tools';

/** One executor a kind of action, all over the same container run. */
export function createExecutors(tools: RunTools): Executors {
  return { backup: () => Promise.resolve(notBuilt(tools)) };
}

/** Follows or collects what an earlier process left on a device. */
export function createAdopter(tools: RunTools): Adopter {
  return () => Promise.resolve(notBuilt(tools));
}

function notBuilt({ transport }: RunTools): Outcome {
  return {
    kind: 'failed',
    failure: { kind: 'defect', detail: `runs through ${transport.name} are not built yet`, stack: null },
    tail: [],
  };
}
