import { type Instant, instantOf } from '../../src/model/brand';
import type { RunPhase } from '../../src/model/run';
import { at } from '../support/facts';
import { aNewRun, anEnding, anOwner, withLedger } from '../support/ledger';

const now = at('2026-11-24T00:00:00Z');
const soon = instantOf(now + 30_000);

/** The leases of the ended runs whose containers may be left, once a run has come to this phase and ended. */
function leftBy(phase: RunPhase, leaving: readonly (Instant | null)[] = []): readonly Instant[] {
  return withLedger((ledger) => {
    const run = aNewRun();
    ledger.begin(run, anOwner, soon);
    ledger.advance(run.runId, phase, now);
    expect(ledger.remaining()).toEqual([]);
    ledger.finish(run.runId, anEnding());
    for (const until of leaving) ledger.leave(run.runId, until);
    return ledger.remaining().map(({ leaseUntil }) => leaseUntil);
  });
}

describe('the container of a run that has ended', () => {
  it.each(['running', 'verifying', 'exchanging', 'collecting'] as const)('may be left of one that was %s', (phase) => {
    expect(leftBy(phase)).toEqual([soon]);
  });

  it.each(['connecting', 'preparing', 'pulling'] as const)('is not there of one that was %s', (phase) => {
    expect(leftBy(phase)).toEqual([]);
  });

  it('is not left once it is known to be gone', () => {
    expect(leftBy('running', [null])).toEqual([]);
  });

  it('can be put off, as often as it is not reached', () => {
    const [later, latest] = [instantOf(now + 60_000), instantOf(now + 120_000)];

    expect(leftBy('running', [later])).toEqual([later]);
    expect(leftBy('running', [later, latest])).toEqual([latest]);
    expect(leftBy('running', [later, null, latest])).toEqual([]);
  });

  it('is not there of a run whose container went before its end was known', () => {
    withLedger((ledger) => {
      const run = aNewRun();
      ledger.begin(run, anOwner, soon);
      ledger.advance(run.runId, 'running', now);
      ledger.leave(run.runId, null);
      ledger.finish(run.runId, anEnding());

      expect(ledger.remaining()).toEqual([]);
    });
  });
});
