import { isRight } from 'fp-ts/Either';
import { OutcomeCodec } from '../../src/ledger/outcomecodec';
import { aSnapshot, aSuccess } from '../support/facts';

const read = (stored: unknown): unknown => {
  const decoded = OutcomeCodec.decode(JSON.parse(JSON.stringify(stored)));
  return isRight(decoded) ? decoded.right : 'refused';
};

describe('what a run has brought about, in the ledger', () => {
  it('comes back as it was stored', () => {
    const outcome = aSuccess({ retention: { keptFull: 2, dropped: [], healed: 1 } });

    expect(read(outcome)).toEqual(outcome);
  });

  it('is not known in full of a run of an older version', () => {
    const { durationMs, ...statistics } = aSnapshot().statistics;
    const { retention, ...stored } = aSnapshot();
    expect([durationMs, retention]).not.toContain(undefined);

    expect(read({ ...aSuccess(), effect: { ...stored, statistics } })).toEqual(
      aSuccess({ retention: null, statistics: { ...statistics, durationMs: null } }),
    );
  });

  it('is refused where it is something else', () => {
    const { statistics } = aSnapshot();
    expect(read({ ...aSuccess(), effect: { ...aSnapshot(), retention: 'all' } })).toBe('refused');
    expect(read({ ...aSuccess(), effect: { ...aSnapshot(), statistics: { ...statistics, durationMs: '5' } } })).toBe(
      'refused',
    );
  });
});
