import { type Instant, instantOf } from '../../src/model/brand';
import type { Sighting } from '../../src/model/ports';
import type { Slot } from '../../src/model/slot';
import { aUuid } from '../support/desired';
import { aSnapshot, aSuccess, at, facts } from '../support/facts';
import {
  aFailure,
  aNewRun,
  anEnding,
  anOwner,
  aSighting,
  factsOf,
  runThrough,
  scheduled,
  withLedger,
} from '../support/ledger';

const noon = at('2026-11-23T12:00:00Z');
const later = at('2026-11-23T13:00:00Z');

describe('what passes saw', () => {
  it('a device that was never seen has no facts, even when a person has run it by hand', () => {
    withLedger((ledger) => {
      runThrough(ledger, aNewRun({ slot: { kind: 'manual', at: noon } }));

      expect([...ledger.facts().keys()]).toEqual([]);
    });
  });

  it('the first sight starts everything, and the token found then counts as handled', () => {
    withLedger((ledger) => {
      ledger.see([aSighting({ request: 'old' })], noon);

      const first = facts({ enabledSince: noon, scheduleSince: noon, handledRequest: 'old' });
      expect(factsOf(ledger)).toMatchObject(first);
    });
  });

  it('a first sight after a run by hand knows the run', () => {
    withLedger((ledger) => {
      runThrough(ledger, aNewRun({ slot: { kind: 'manual', at: noon } }));
      ledger.see([aSighting({ request: 'old' })], later);

      expect(factsOf(ledger)).toMatchObject({
        enabledSince: later,
        handledRequest: 'old',
        lastSuccess: { endedAt: anEnding().endedAt, failure: null },
        lastFull: { snapshotAt: aSnapshot().snapshotAt },
      });
    });
  });

  it.each<{ name: string; passes: readonly (readonly Sighting[])[]; enabledSince: Instant; scheduleSince: Instant }>([
    { name: 'the same again -> nothing new', passes: [[aSighting()]], enabledSince: noon, scheduleSince: noon },
    {
      name: 'another schedule -> since now',
      passes: [[aSighting({ scheduleKey: 'other' })]],
      enabledSince: noon,
      scheduleSince: later,
    },
    {
      name: 'not seen, then seen -> a new stretch of being enabled',
      passes: [[], [aSighting()]],
      enabledSince: later,
      scheduleSince: noon,
    },
    { name: 'not seen any more -> known as before', passes: [[]], enabledSince: noon, scheduleSince: noon },
  ])('$name', ({ passes, enabledSince, scheduleSince }) => {
    withLedger((ledger) => {
      ledger.see([aSighting()], noon);
      for (const pass of passes) ledger.see(pass, later);

      expect(factsOf(ledger)).toMatchObject({ enabledSince, scheduleSince });
    });
  });

  it('rejected for a while, then corrected -> what it missed is still due', () => {
    withLedger((ledger) => {
      ledger.see([aSighting()], noon);
      ledger.see([], later, new Set([aUuid(1)]));
      ledger.see([aSighting()], later);

      expect(factsOf(ledger)).toMatchObject({ enabledSince: noon, scheduleSince: noon });
    });
  });

  it('a token that comes or changes later is not handled', () => {
    withLedger((ledger) => {
      ledger.see([aSighting()], noon);
      ledger.see([aSighting({ request: 'now' })], later);

      expect(factsOf(ledger).handledRequest).toBeNull();
    });
  });

  it('a change of policy forgives failures, a change of name does not', () => {
    withLedger((ledger) => {
      ledger.see([aSighting()], noon);
      runThrough(ledger, aNewRun(), aFailure());

      ledger.see([aSighting({ name: 'renamed' })], later);
      expect(factsOf(ledger)).toMatchObject({ failures: 1, retryAt: aFailure().retryAt });
      ledger.see([aSighting({ name: 'renamed', policyKey: 'other' })], later);
      expect(factsOf(ledger)).toMatchObject({ failures: 0, retryAt: null });
    });
  });
});

describe('a clock that was set back', () => {
  const nextYear = at('2027-11-23T12:00:00Z');

  it('by much does not leave a device waiting for the day that it showed', () => {
    withLedger((ledger) => {
      ledger.see([aSighting()], nextYear);
      runThrough(ledger, aNewRun({ attempt: 1, slot: { kind: 'schedule', at: nextYear } }));
      runThrough(ledger, aNewRun({ attempt: 2 }), aFailure({ retryAt: nextYear }));
      ledger.see([aSighting()], noon);

      expect(factsOf(ledger)).toMatchObject({
        enabledSince: noon,
        scheduleSince: noon,
        handledSlot: null,
        failures: 1,
        retryAt: null,
      });
    });
  });

  it('by much after a run does not make the slots since the first sight due again', () => {
    withLedger((ledger) => {
      ledger.see([aSighting()], noon);
      ledger.skip(aUuid(1), { kind: 'schedule', at: nextYear });
      ledger.see([aSighting()], later);

      expect(factsOf(ledger)).toMatchObject({ enabledSince: later, scheduleSince: noon, handledSlot: null });
    });
  });

  it('by little changes nothing: no slot runs twice', () => {
    withLedger((ledger) => {
      ledger.see([aSighting()], later);
      ledger.skip(aUuid(1), { kind: 'schedule', at: later });
      ledger.see([aSighting()], noon);

      expect(factsOf(ledger)).toMatchObject({ enabledSince: later, scheduleSince: later, handledSlot: later });
    });
  });
});

describe('what runs leave', () => {
  it.each<{ name: string; slot: Slot; handled: object }>([
    {
      name: 'a slot of the schedule',
      slot: scheduled('2026-11-24T00:00:00Z'),
      handled: { handledSlot: at('2026-11-24T00:00:00Z'), handledRequest: null },
    },
    {
      name: 'a request',
      slot: { kind: 'request', token: 'now' },
      handled: { handledSlot: null, handledRequest: 'now' },
    },
    {
      name: 'a run by hand, which has no slot that could be due',
      slot: { kind: 'manual', at: noon },
      handled: { handledSlot: null, handledRequest: null },
    },
  ])('$name is handled by a run and by a skip', ({ slot, handled }) => {
    withLedger((ledger) => {
      ledger.see([aSighting(), aSighting({ device: aUuid(2) })], noon);
      runThrough(ledger, aNewRun({ slot }));
      ledger.skip(aUuid(2), slot);

      expect(factsOf(ledger)).toMatchObject(handled);
      expect(factsOf(ledger, aUuid(2))).toMatchObject(handled);
    });
  });

  it('an earlier slot that is handled late does not bring back a later one', () => {
    withLedger((ledger) => {
      ledger.see([aSighting()], noon);
      ledger.skip(aUuid(1), scheduled('2026-11-25T00:00:00Z'));
      runThrough(ledger, aNewRun({ slot: scheduled('2026-11-24T00:00:00Z') }));

      expect(factsOf(ledger).handledSlot).toBe(at('2026-11-25T00:00:00Z'));
    });
  });

  it('failures count up to the next success', () => {
    withLedger((ledger) => {
      ledger.see([aSighting()], noon);
      runThrough(ledger, aNewRun({ attempt: 1 }), aFailure());
      runThrough(ledger, aNewRun({ attempt: 2 }), aFailure({ counts: false, retryAt: null }));
      expect(factsOf(ledger)).toMatchObject({ failures: 1, retryAt: null, handledSlot: null });
      runThrough(ledger, aNewRun({ attempt: 3 }), aFailure());
      expect(factsOf(ledger)).toMatchObject({ failures: 2, retryAt: aFailure().retryAt });
      runThrough(ledger, aNewRun({ attempt: 4 }));
      expect(factsOf(ledger)).toMatchObject({ failures: 0, retryAt: null, last: { failure: null } });
    });
  });

  it('a failure by hand leaves the backoff alone, a success by hand ends it', () => {
    withLedger((ledger) => {
      const byHand: Slot = { kind: 'manual', at: later };
      ledger.see([aSighting()], noon);
      runThrough(ledger, aNewRun(), aFailure());

      runThrough(ledger, aNewRun({ slot: byHand }), aFailure({ handled: true, counts: false, retryAt: null }));
      expect(factsOf(ledger)).toMatchObject({ failures: 1, retryAt: aFailure().retryAt });
      runThrough(ledger, aNewRun({ slot: byHand, attempt: 2 }));
      expect(factsOf(ledger)).toMatchObject({ failures: 0, retryAt: null });
    });
  });

  it('the newest full is that of the place of the last success', () => {
    withLedger((ledger) => {
      const firstFull = at('2026-11-20T00:00:00Z');
      ledger.see([aSighting()], noon);
      runThrough(ledger, aNewRun({ place: 'a' }), anEnding({ outcome: aSuccess({ snapshotAt: firstFull }) }));
      runThrough(ledger, aNewRun({ place: 'b' }));
      expect(factsOf(ledger)).toMatchObject({ lastFull: { place: 'b' } });
      const incremental = anEnding({ outcome: aSuccess({ mode: 'incremental' }) });
      runThrough(ledger, aNewRun({ place: 'a' }), incremental);
      expect(factsOf(ledger)).toMatchObject({ lastFull: { place: 'a', snapshotAt: firstFull } });
      runThrough(ledger, aNewRun({ place: 'c' }), incremental);
      expect(factsOf(ledger)).toMatchObject({ lastFull: null });
    });
  });

  it('the active run and the attempts so far are known', () => {
    withLedger((ledger) => {
      ledger.see([aSighting()], noon);
      runThrough(ledger, aNewRun({ attempt: 1 }), aFailure());
      const second = aNewRun({ attempt: 2 });
      ledger.begin(second, anOwner, instantOf(later + 30_000));

      expect(factsOf(ledger).active?.runId).toBe(second.runId);
      expect([...factsOf(ledger).attempts]).toEqual([[second.actionId, 2]]);
    });
  });

  it('facts that were given do not change afterwards', () => {
    withLedger((ledger) => {
      ledger.see([aSighting()], noon);
      const before = factsOf(ledger);
      runThrough(ledger, aNewRun());

      expect(factsOf(ledger).last).not.toBeNull();
      expect(before).toMatchObject(facts({ enabledSince: noon, scheduleSince: noon }));
    });
  });
});
