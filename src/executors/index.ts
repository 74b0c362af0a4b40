import type { Adopter, Executors } from '../model/ports';
import { createAdopter as adopterOf } from './adopter';
import { type BackupTools, createBackup } from './backup';

/** What the executors are made with; `reconnectPausesMs` is for tests. */
export type RunTools = Omit<BackupTools, 'reconnectPausesMs'> & Partial<Pick<BackupTools, 'reconnectPausesMs'>>;

const RECONNECT_PAUSES_MS = [2000, 10_000, 30_000];

/** How each kind of action is done. */
export function createExecutors(tools: RunTools): Executors {
  return { backup: createBackup({ reconnectPausesMs: RECONNECT_PAUSES_MS, ...tools }) };
}

/** How a run that was left on a device is followed or collected. */
export function createAdopter(tools: RunTools): Adopter {
  return adopterOf({ reconnectPausesMs: RECONNECT_PAUSES_MS, ...tools });
}
