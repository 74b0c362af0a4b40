import { randomBytes } from 'node:crypto';
import { isLeft, right } from 'fp-ts/Either';
import { createAdopter, createExecutors } from './executors';
import type { Joined } from './joined';
import { instantOf } from './model/brand';
import type { Keys, Ledger, PruneCollector } from './model/ports';
import type { RunOwner } from './model/run';
import { parseSetTime } from './model/sets';
import type { Settings } from './model/settings';
import { type Conductor, createConductor } from './reconciler/conduct';
import { pruneCollector } from './store/collectorprune';

/** The device waits a minute for its result to be taken. */
const PRUNE_LIMIT_MS = 40_000;
/** Of a set's own time, which is the last in it. */
const SET_TIME = '20261124T115000Z'.length;

export interface RunParts {
  readonly settings: Settings;
  readonly ledger: Ledger;
  readonly joined: Joined;
  readonly owner: RunOwner;
}

/** Joins what looks after the runs of one process, be it the controller or a person's command. */
export function joinConductor({ settings, ledger, joined, owner }: RunParts): Conductor {
  const { emit, keys, transport, log } = joined;
  const prune = pruneBy(keys);
  const clock = { now: () => instantOf(Date.now()) };
  const tools = { transport, keys, pruneCollector: prune, settings, scrub: log.scrub, clock };
  return createConductor({
    ledger,
    executors: createExecutors(tools),
    adopter: createAdopter(tools),
    owner,
    clock,
    timer,
    emit,
    runTimeoutMs: settings.runTimeoutMs,
    random: Math.random,
    nonce: () => randomBytes(16).toString('hex'),
  });
}

function timer(ms: number, work: () => void): () => void {
  const timeout = setTimeout(work, ms);
  return () => {
    clearTimeout(timeout);
  };
}

/** With a certificate of its own for each call. */
function pruneBy(keys: Pick<Keys, 'pruneCredentialFor'>): PruneCollector {
  return async (target, device, keep) => {
    const credential = await keys.pruneCredentialFor(target, device, keep);
    if (isLeft(credential)) return credential;
    const server = { host: target.host ?? '', port: target.port ?? 22 };
    const report = await pruneCollector(server, credential.right, AbortSignal.timeout(PRUNE_LIMIT_MS));
    if (isLeft(report)) return report;
    const { kept, dropped } = report.right;
    const times = dropped.flatMap((set) => parseSetTime(set.slice(-SET_TIME)) ?? []);
    return right({ keptFull: kept.filter((set) => !set.includes('.to.')).length, dropped: times, healed: 0 });
  };
}
