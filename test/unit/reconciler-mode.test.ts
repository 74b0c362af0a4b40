import type { Failure } from '../../src/model/failure';
import type { Policy } from '../../src/model/policy';
import type { DeviceFacts, EndedRun } from '../../src/model/run';
import { modeOf } from '../../src/reconciler/mode';
import { aPolicy, aTarget, resolved } from '../support/desired';
import { aFailedRun, aRun, aSuccess, aSucceededRun, at, ended, facts } from '../support/facts';

const now = at('2026-11-24T08:00:00Z');
const elsewhere = 'ssh://other:22/backups';
const broken: Failure = { kind: 'chain-broken', detail: 'a set is missing' };
const never: Partial<Policy> = { fullEvery: resolved({ text: 'never', seconds: null }) };

function aFull(iso: string, place = aTarget().place): EndedRun {
  return ended(aSucceededRun({ place, outcome: aSuccess({ snapshotAt: at(iso) }) }));
}

interface Row {
  readonly name: string;
  readonly facts: Partial<DeviceFacts> | null;
  readonly policy?: Partial<Policy>;
  readonly mode: 'full' | 'auto';
}

/** The policy of the tests wants a full snapshot every 30 days. */
const rows: readonly Row[] = [
  { name: 'nothing is known of the device', facts: null, mode: 'auto' },
  { name: 'it has never run', facts: {}, mode: 'auto' },
  {
    name: 'what is known of the last full is not when it was made',
    facts: { lastFull: { ...aFull('2020-01-01T00:00:00Z'), snapshotAt: null } },
    mode: 'auto',
  },
  { name: 'the last run is under way', facts: { last: null, active: aRun() }, mode: 'auto' },
  { name: 'the last run succeeded', facts: { last: ended(aSucceededRun()) }, mode: 'auto' },
  { name: 'the chain is broken', facts: { last: ended(aFailedRun(broken)) }, mode: 'full' },
  {
    name: 'what is stored is not what was sent',
    facts: { last: ended(aFailedRun({ kind: 'integrity-mismatch', expected: '3 volumes', got: '2' })) },
    mode: 'full',
  },
  {
    name: 'the last run failed for another reason',
    facts: { last: ended(aFailedRun({ kind: 'volumes-none' })) },
    mode: 'auto',
  },
  {
    name: 'the chain that is broken is at a former target',
    facts: { last: ended(aFailedRun(broken, { place: elsewhere })) },
    mode: 'auto',
  },
  {
    name: 'the last full is 30 days old',
    facts: { lastFull: aFull('2026-10-25T08:00:00Z') },
    mode: 'full',
  },
  {
    name: 'it is a millisecond younger',
    facts: { lastFull: aFull('2026-10-25T08:00:00.001Z') },
    mode: 'auto',
  },
  {
    name: 'the old full is at a former target: the new one may have its own',
    facts: { lastFull: aFull('2026-01-01T00:00:00Z', elsewhere) },
    mode: 'auto',
  },
  {
    name: 'a full is old, but no more of them are wanted',
    facts: { lastFull: aFull('2020-01-01T00:00:00Z') },
    policy: never,
    mode: 'auto',
  },
  {
    name: 'the chain is broken, though no more fulls are wanted',
    facts: { last: ended(aFailedRun(broken)) },
    policy: never,
    mode: 'full',
  },
];

describe('the mode of a backup', () => {
  it.each(rows)('is $mode where $name', ({ facts: known, policy, mode }) => {
    expect(modeOf(aPolicy(policy), known === null ? null : facts(known), now)).toBe(mode);
  });
});
