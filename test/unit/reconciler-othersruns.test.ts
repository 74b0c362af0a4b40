import { openLedger } from '../../src/ledger/ledger';
import type { Event } from '../../src/model/event';
import type { Ledger } from '../../src/model/ports';
import { createOthersRuns } from '../../src/reconciler/othersruns';
import { aUuid } from '../support/desired';
import { at } from '../support/facts';
import {
  aFailure,
  aNewRun,
  anEnding,
  anotherOwner,
  anOwner,
  runThrough,
  scheduled,
  withLedger,
} from '../support/ledger';

const soon = at('2026-11-24T00:00:30Z');
const manual = aNewRun({ slot: { kind: 'manual', at: soon } });

/** What the process of `anotherOwner` tells of what `anOwner` and itself do, one list for each look. */
function told(...steps: readonly ((ledger: Ledger) => void)[]): readonly (readonly string[])[] {
  return withLedger((ledger) => {
    const events: Event[] = [];
    const tell = createOthersRuns({
      ledger,
      owner: anotherOwner,
      emit: (event) => {
        events.push(event);
      },
    });
    return steps.map((step) => {
      step(ledger);
      tell();
      return events.splice(0).map((event) => {
        expect('adopted' in event && event.adopted).toBe(false);
        return `${event.event} ${'process' in event ? String(event.process) : ''}`;
      });
    });
  });
}

const nothing = (): void => undefined;
const begin = (ledger: Ledger): void => {
  ledger.begin(manual, anOwner, soon);
};

describe('runs of other processes', () => {
  it('are told of when they begin and when they end, once', () => {
    expect(
      told(
        nothing,
        begin,
        nothing,
        (ledger) => {
          ledger.finish(manual.runId, anEnding());
        },
        nothing,
      ),
    ).toEqual([[], ['run.started host:1'], [], ['run.succeeded host:1'], []]);
  });

  it('that begin and end between two looks are told of, every one', () => {
    expect(
      told(nothing, (ledger) => {
        runThrough(ledger, manual, aFailure({ retryAt: null }));
        runThrough(ledger, aNewRun({ slot: { kind: 'manual', at: at('2026-11-24T01:00:00Z') } }));
      }),
    ).toEqual([[], ['run.started host:1', 'run.started host:1', 'run.failed host:1', 'run.succeeded host:1']]);
  });

  it('that were under way at the first look are told of when they end, and no older ones', () => {
    expect(
      told(
        (ledger) => {
          runThrough(ledger, aNewRun({ device: aUuid(2) }));
          begin(ledger);
        },
        (ledger) => {
          ledger.finish(manual.runId, anEnding());
        },
      ),
    ).toEqual([[], ['run.succeeded host:1']]);
  });

  it('are no news where this process began or took over the run', () => {
    expect(
      told(
        nothing,
        (ledger) => {
          ledger.begin(aNewRun({ device: aUuid(2), slot: scheduled('2026-11-24T01:00:00Z') }), anotherOwner, soon);
          begin(ledger);
        },
        (ledger) => {
          ledger.takeOver(manual.runId, anotherOwner, soon, at('2026-11-24T00:01:00Z'));
        },
        (ledger) => {
          ledger.finish(manual.runId, anEnding());
        },
      ),
    ).toEqual([[], ['run.started host:1'], [], []]);
  });

  it('are told of, too, where the other began in the same instant as this one', () => {
    const twin = { ...anotherOwner, process: 'host:2' };

    expect(
      told(nothing, (ledger) => {
        ledger.begin(manual, twin, soon);
      }),
    ).toEqual([[], ['run.started host:2']]);
  });

  it('that nobody looks after are left to whoever takes them up', () => {
    expect(
      told(nothing, (ledger) => {
        begin(ledger);
        ledger.release(manual.runId, anOwner, soon);
      }),
    ).toEqual([[], []]);
  });

  it('written by another program of the same ledger are seen', () => {
    withLedger((ledger, stateDir) => {
      const mark = ledger.news(null).mark;
      const other = openLedger(stateDir);
      runThrough(other, manual);
      other.close();
      const { begun, ended } = ledger.news(mark);

      expect([begun, ended].map((runs) => runs.map(({ runId }) => runId))).toEqual([[manual.runId], [manual.runId]]);
    });
  });
});
