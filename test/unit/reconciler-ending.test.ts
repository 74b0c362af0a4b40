import { instantOf } from '../../src/model/brand';
import type { Event } from '../../src/model/event';
import type { RunEnding } from '../../src/model/ports';
import type { Retention } from '../../src/model/run';
import { defectOf, refOf, tellEnding } from '../../src/reconciler/ending';
import { aUuid } from '../support/desired';
import { aRunRef } from '../support/events';
import { aRun, aSuccess, at } from '../support/facts';
import { aFailure, anEnding } from '../support/ledger';

const startedAt = at('2026-11-24T00:00:00Z');
const dropped = [at('2026-10-01T00:00:00Z')];

/** What is told of a run that began five minutes before its end, after two failures. */
function told(ending: RunEnding, from = startedAt): readonly Event[] {
  const events: Event[] = [];
  tellEnding({ run: aRunRef, startedAt: from, failures: 2, process: 'host:7' }, ending, (event) => events.push(event));
  return events;
}

function failed(over: Partial<RunEnding> = {}): RunEnding {
  return aFailure({ endedAt: at('2026-11-24T00:05:00Z'), ...over });
}

describe('what is told of the end of a run', () => {
  it('a success, with how long it took and who looked after it', () => {
    const ending = anEnding();

    expect(told(ending)).toEqual([
      {
        event: 'run.succeeded',
        run: aRunRef,
        effect: aSuccess().effect,
        durationMs: 300_000,
        process: 'host:7',
      },
    ]);
  });

  it.each<{ name: string; retention: Retention | null; isTold: boolean }>([
    { name: 'snapshots that were dropped', retention: { keptFull: 2, dropped, healed: 0 }, isTold: true },
    { name: 'remains that were cleared away', retention: { keptFull: 2, dropped: [], healed: 1 }, isTold: true },
    { name: 'nothing that changed', retention: { keptFull: 2, dropped: [], healed: 0 }, isTold: false },
    { name: 'nothing that is known', retention: null, isTold: false },
  ])('$name of older snapshots: told $isTold', ({ retention, isTold }) => {
    const events = told(anEnding({ outcome: aSuccess({ retention }) }));

    expect(events.slice(1)).toEqual(isTold ? [{ event: 'retention.applied', run: aRunRef, retention }] : []);
  });

  it('a success that stored nothing, without a word of older snapshots', () => {
    const effect = { kind: 'executed', command: 'cleanup' } as const;
    const events = told(anEnding({ outcome: { kind: 'succeeded', effect, tail: [], warnings: [] } }));

    expect(events).toMatchObject([{ event: 'run.succeeded', effect }]);
  });

  it('a failure, and when it is tried again after how many in a row', () => {
    const until = at('2026-11-24T00:09:00Z');

    expect(told(failed({ retryAt: until }))).toEqual([
      {
        event: 'run.failed',
        run: aRunRef,
        failure: { kind: 'device-unreachable', phase: 'connect', detail: 'refused' },
        durationMs: 300_000,
        process: 'host:7',
      },
      { event: 'run.backoff.scheduled', run: aRunRef, failures: 3, until },
    ]);
    expect(told(failed({ retryAt: until, counts: false }))[1]).toMatchObject({ failures: 2 });
  });

  it('a failure that is tried again at once, without a wait', () => {
    expect(told(failed({ retryAt: null }))).toMatchObject([{ event: 'run.failed' }]);
  });

  it('a run that was cancelled is no failure', () => {
    const outcome = { kind: 'failed', failure: { kind: 'cancelled', by: 'person' }, tail: [] } as const;

    expect(told(failed({ outcome }))).toEqual([
      { event: 'run.cancelled', run: aRunRef, by: 'person', process: 'host:7' },
    ]);
  });

  it('no time below nothing, for a clock that was set back meanwhile', () => {
    expect(told(anEnding(), instantOf(at('2026-11-24T00:05:00Z') + 1))).toMatchObject([{ durationMs: 0 }]);
  });
});

describe('a run whose executor threw', () => {
  it('has failed by a defect, with what was thrown', () => {
    const error = new Error('oh');

    expect(defectOf(error)).toEqual({
      kind: 'failed',
      failure: { kind: 'defect', detail: 'oh', stack: error.stack },
      tail: [],
    });
    expect(defectOf('no error at all')).toEqual({
      kind: 'failed',
      failure: { kind: 'defect', detail: 'no error at all', stack: null },
      tail: [],
    });
  });
});

describe('a run in events', () => {
  it('is named by its device and its slot', () => {
    const { runId } = aRun();

    expect(refOf(aRun())).toEqual({
      runId,
      device: { uuid: aUuid(1), name: 'a-device' },
      kind: 'backup',
      slot: '2026-11-24T00:00:00.000Z',
      attempt: 1,
    });
  });
});
