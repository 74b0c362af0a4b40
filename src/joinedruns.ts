import { randomBytes } from 'node:crypto';
import { createAdopter, createExecutors } from './executors';
import type { Joined } from './joined';
import { instantOf } from './model/brand';
import type { Ledger } from './model/ports';
import type { RunOwner } from './model/run';
import type { Settings } from './model/settings';
import { type Conductor, createConductor } from './reconciler/conduct';

export interface RunParts {
  readonly settings: Settings;
  readonly ledger: Ledger;
  readonly joined: Joined;
  readonly owner: RunOwner;
}

/** Joins what looks after the runs of one process, be it the controller or a person's command. */
export function joinConductor({ settings, ledger, joined, owner }: RunParts): Conductor {
  const { emit, keys, transport, log } = joined;
  const clock = { now: () => instantOf(Date.now()) };
  const tools = { transport, keys, settings, scrub: log.scrub, clock };
  return createConductor({
    ledger,
    executors: createExecutors(tools),
    adopter: createAdopter(tools),
    owner,
    clock,
    emit,
    runTimeoutMs: settings.runTimeoutMs,
    random: Math.random,
    nonce: () => randomBytes(16).toString('hex'),
  });
}
