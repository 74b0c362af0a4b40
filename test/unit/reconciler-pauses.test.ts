import { instantOf } from '../../src/model/brand';
import type { Failure } from '../../src/model/failure';
import { endingOf } from '../../src/reconciler/disposition';
import { at } from '../support/facts';

const now = at('2026-11-24T00:00:00Z');
const slot = { kind: 'schedule', at: now } as const;
const MINUTE = 60_000;

const busy: Failure = { kind: 'device-busy', runId: '' };
const unreachable: Failure = { kind: 'device-unreachable', phase: 'connect', detail: '' };
const lost: Failure = { kind: 'run-lost', detail: '' };
const stopped: Failure = { kind: 'cancelled', by: 'shutdown' };

/** How long a device that fails like this is left alone at the least; `failures` in a row before it. */
function pauseMs(failure: Failure, failures: number): number | null {
  const outcome = { kind: 'failed', failure, tail: [] } as const;
  const { retryAt } = endingOf({ outcome, slot, failures, now, random: 0 });
  return retryAt === null ? null : instantOf(retryAt) - now;
}

test.each<{ name: string; failure: Failure; failures: number; pause: number | null }>([
  { name: 'the first failure', failure: unreachable, failures: 0, pause: MINUTE / 2 },
  { name: 'the third in a row', failure: unreachable, failures: 2, pause: 2 * MINUTE },
  { name: 'one that does not count', failure: busy, failures: 0, pause: MINUTE / 2 },
  { name: 'one that does not count, after three that do', failure: busy, failures: 3, pause: 2 * MINUTE },
  { name: 'a run that was lost, first', failure: lost, failures: 0, pause: null },
  { name: 'a run that was lost, after others', failure: lost, failures: 1, pause: MINUTE },
  { name: 'a run that a shutdown stopped, after others', failure: stopped, failures: 3, pause: null },
])('after $name: $pause ms', ({ failure, failures, pause }) => {
  expect(pauseMs(failure, failures)).toBe(pause);
});
