import type { Failure } from '../../src/model/failure';
import type { DeviceFacts } from '../../src/model/run';
import { modeOf } from '../../src/reconciler/mode';
import { aPolicy, resolved } from '../support/desired';
import { aFailedRun, aSuccess, aSucceededRun, at, ended, facts } from '../support/facts';

const NOW = at('2026-12-31T00:00:00Z');
const broken: Failure = { kind: 'chain-broken', detail: '' };
const elsewhere = { place: 's3://elsewhere' };
const fullAt = (iso: string): DeviceFacts =>
  facts({ lastFull: ended(aSucceededRun({ outcome: aSuccess({ snapshotAt: at(iso) }) })) });

test.each([
  { name: 'nothing is known', known: null, mode: 'auto' },
  { name: 'it has never run', known: facts(), mode: 'auto' },
  { name: 'the last full is young enough', known: fullAt('2026-12-01T00:00:01Z'), mode: 'auto' },
  { name: 'the last full is too old', known: fullAt('2026-12-01T00:00:00Z'), mode: 'full' },
  {
    name: 'the last full is too old, at another place',
    known: facts({ lastFull: ended(aSucceededRun(elsewhere)) }),
    mode: 'auto',
  },
  { name: 'the chain is broken', known: facts({ last: ended(aFailedRun(broken)) }), mode: 'full' },
  {
    name: 'a chain at another place is broken',
    known: facts({ last: ended(aFailedRun(broken, elsewhere)) }),
    mode: 'auto',
  },
  {
    name: 'the last run failed otherwise',
    known: facts({ last: ended(aFailedRun({ kind: 'not-proven', detail: '' })) }),
    mode: 'auto',
  },
])('$name -> $mode', ({ known, mode }) => {
  expect(modeOf(aPolicy(), known, NOW)).toBe(mode);
});

test('a full is never too old where none is to be made again', () => {
  const policy = aPolicy({ fullEvery: resolved({ text: 'never', seconds: null }) });

  expect(modeOf(policy, fullAt('2020-01-01T00:00:00Z'), NOW)).toBe('auto');
});
