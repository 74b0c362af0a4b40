import type { Adopter, Executors } from '../model/ports';
import { createAdopter as adopterOf } from './adopter';
import { createBackup } from './backup';
import type { RunTools as AllTools } from './devicerun';
import { createExecute } from './execute';
import { createRestore } from './restore';
import { createSurvey } from './survey';

/** What the executors are made with; `reconnectPausesMs` is for tests. */
export type RunTools = Omit<AllTools, 'reconnectPausesMs'> & Partial<Pick<AllTools, 'reconnectPausesMs'>>;

const RECONNECT_PAUSES_MS = [2000, 10_000, 30_000];

/** How each kind of action is done. */
export function createExecutors(tools: RunTools): Executors {
  const all = { reconnectPausesMs: RECONNECT_PAUSES_MS, ...tools };
  return {
    backup: createBackup(all),
    execute: createExecute(all),
    survey: createSurvey(all),
    restore: createRestore(all),
  };
}

/** How a run that was left on a device is followed or collected. */
export function createAdopter(tools: RunTools): Adopter {
  return adopterOf({ reconnectPausesMs: RECONNECT_PAUSES_MS, ...tools });
}
