import { type Instant, instantOf } from '../../src/model/brand';
import type { Failure } from '../../src/model/failure';
import type { DeviceFacts } from '../../src/model/run';
import type { Slot } from '../../src/model/slot';
import { type Evidence, sshGate, storeGates } from '../../src/reconciler/breaker';
import { endingOf } from '../../src/reconciler/disposition';
import { aUuid } from '../support/desired';
import { aFailedRun, aSuccess, at, ended, facts } from '../support/facts';
import { everyFailure } from '../support/failures';

const now = at('2026-11-24T08:00:00Z');
const slot: Slot = { kind: 'schedule', at: at('2026-11-24T00:00:00Z') };

/** What becomes of the slot when a run of it fails after so many failures in a row, with the longest wait that chance allows. */
function afterwards(failure: Failure, failures: number): string {
  const outcome = { kind: 'failed', failure, tail: [] } as const;
  const { handled, counts, retryAt } = endingOf({ outcome, slot, failures, now, random: 1 });
  const again = retryAt === null ? 'again at once' : `again after ${String((retryAt - now) / 60_000)} min`;
  return `${handled ? 'slot given up' : again}${counts ? '' : ', not counted'}`;
}

interface Consequence {
  readonly first: string;
  /** After two failures before it. */
  readonly third: string;
}

const waits: Consequence = { first: 'again after 1 min', third: 'again after 4 min' };
const atOnce: Consequence = { first: 'again at once', third: 'again after 4 min' };
const givenUp: Consequence = { first: 'slot given up', third: 'slot given up' };
const uncounted: Consequence = {
  first: 'again after 1 min, not counted',
  // As long as after the last that counted.
  third: 'again after 2 min, not counted',
};

/** The kinds that a wait mends are not named. */
const CONSEQUENCES: ReadonlyMap<Failure['kind'], Consequence> = new Map([
  ['device-busy', uncounted],
  ['chain-broken', atOnce],
  ['run-lost', atOnce],
  ['output-too-large', givenUp],
  ['restore-refused', givenUp],
  ['restore-failed', givenUp],
  ['image-lacking', givenUp],
  ['volume-missing', givenUp],
  ['volumes-none', givenUp],
  ['volume-emptied', givenUp],
  ['passphrase-wrong', givenUp],
  ['policy-invalid', givenUp],
]);

describe('what a failure leads to for its device', () => {
  it.each(
    everyFailure
      .filter(({ kind }) => kind !== 'cancelled')
      .map((failure) => ({ kind: failure.kind, failure, ...(CONSEQUENCES.get(failure.kind) ?? waits) })),
  )('$kind: $first, and as the third in a row $third', ({ failure, first, third }) => {
    expect([afterwards(failure, 0), afterwards(failure, 2)]).toEqual([first, third]);
  });

  it.each([
    { by: 'person', is: 'slot given up, not counted' },
    { by: 'shutdown', is: 'again at once, not counted' },
    { by: 'superseded', is: 'again at once, not counted' },
  ] as const)('cancelled by $by, however many failed before: $is', ({ by, is }) => {
    expect([0, 2].map((failures) => afterwards({ kind: 'cancelled', by }, failures))).toEqual([is, is]);
  });

  it('a success handles the slot, and nothing waits', () => {
    expect(endingOf({ outcome: aSuccess(), slot, failures: 2, now, random: 1 })).toEqual({
      outcome: aSuccess(),
      endedAt: now,
      handled: true,
      counts: false,
      retryAt: null,
    });
  });

  it("a run by hand is its person's to repeat, and makes no other wait", () => {
    const outcome = { kind: 'failed', failure: { kind: 'volumes-none' }, tail: [] } as const;
    const manual: Slot = { kind: 'manual', at: now };

    expect(endingOf({ outcome, slot: manual, failures: 0, now, random: 1 })).toMatchObject({
      handled: true,
      counts: false,
      retryAt: null,
    });
  });
});

const before = instantOf(now - 60_000);

function failedAt(n: number, failure: Failure, endedAt: Instant): DeviceFacts {
  const device = aUuid(n);
  return facts({ device, failures: 1, last: ended(aFailedRun(failure, { device, endedAt })) });
}

function evidence(...known: readonly DeviceFacts[]): Evidence {
  return { facts: new Map(known.map((each) => [each.device, each])), active: [], now, forgiveUntil: instantOf(0) };
}

describe('what a failure on two devices leads to for all others', () => {
  const onTwo = (failure: Failure): Evidence => evidence(failedAt(1, failure, before), failedAt(2, failure, before));

  it('only a target that is full or gone is left alone', () => {
    const shut = everyFailure.filter((failure) => storeGates(onTwo(failure)).size > 0);

    expect(shut.map(({ kind }) => kind)).toEqual(['store-full', 'store-unavailable']);
  });

  it("a device's own full disk is no matter of the target", () => {
    const full: Failure = { kind: 'store-full', where: 'device', freeBytes: 0, detail: '' };

    expect(storeGates(onTwo(full)).size).toBe(0);
    expect(afterwards(full, 0)).toBe(waits.first);
  });

  it('only a refused SSH key and a changed host key stop the others', () => {
    const parked = everyFailure.filter((failure) => sshGate(onTwo(failure)).kind !== 'open');

    expect(parked.map(({ kind }) => kind)).toEqual(['auth-rejected', 'host-key-changed']);
  });

  it('an API key that was refused says nothing about the SSH key', () => {
    expect(sshGate(onTwo({ kind: 'auth-rejected', who: 'api', detail: '' }))).toEqual({ kind: 'open' });
  });
});

describe('a failure after the SSH key was refused elsewhere', () => {
  it('proves the key where the run can only have failed on the device', () => {
    const refused = failedAt(1, { kind: 'auth-rejected', who: 'ssh', detail: '' }, before);
    const silent = everyFailure.filter(
      (failure) => sshGate(evidence(refused, failedAt(2, failure, now))).kind !== 'open',
    );

    expect(silent.map(({ kind }) => kind)).toEqual([
      'device-unreachable',
      'auth-rejected',
      'host-key-changed',
      'credential-missing',
      'api-unavailable',
      'timed-out',
      'policy-invalid',
      'cancelled',
      'defect',
    ]);
  });
});
