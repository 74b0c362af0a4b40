import type { Failure } from '../model/failure';
import { lockedText } from '../model/restoreplan';

type Words = ReadonlyMap<string, (first: string, second: string) => string>;

/** Words with which nothing was begun, and what they mean for a person. */
const REFUSALS: Words = new Map(
  Object.entries({
    locked: (service: string) => lockedText([service]),
    'undo-none': () => 'there is no undo copy on the device. One is kept by a restore, where there is room for it',
    'other-disk': (item: string) => `${item} lies on another disk than the engine's. Use --in-place`,
    'path-blocked': (item: string, why: string) =>
      `the way to ${item} is no folder on the device (${why}). Restore a folder further up`,
    'snapshot-missing': (time: string) => `the backup of ${time} is no longer at the target. Plan anew`,
    'not-in-snapshot': () => 'the backup does not have it. See what is in it with "list"',
  }),
);

/** Words with which everything is as it was. */
const FAILURES: Words = new Map(
  Object.entries({
    'volume-not-made': (volume: string) => `the engine would not make the volume ${volume}`,
    'nothing-staged': (item: string) => `what was to be restored of ${item} is not there`,
    exchange: (why: string) => why,
    interrupted: () => 'the device or its engine restarted before the contents were exchanged',
  }),
);

/** What a word of a restore's script means; null for a word that is not one of a restore. */
export function restoreRefusal(kind: string, names: readonly string[]): Failure | null {
  const [first = 'it', second = ''] = names;
  if (kind === 'cancelled') return { kind: 'cancelled', by: 'person' };
  if (kind === 'not-whole') {
    const detail = `${first} of ${second} files and folders were restored, and nothing was exchanged`;
    return { kind: 'not-proven', detail };
  }
  if (kind === 'overlay-interrupted') {
    const detail = 'see the warnings of the run';
    return { kind: 'restore-failed', state: 'mixture', volumes: names, detail };
  }
  const refusal = REFUSALS.get(kind);
  if (refusal !== undefined) return { kind: 'restore-refused', detail: refusal(first, second) };
  const failure = FAILURES.get(kind);
  if (failure === undefined) return null;
  return { kind: 'restore-failed', state: 'untouched', volumes: [], detail: failure(first, second) };
}
