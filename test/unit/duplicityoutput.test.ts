import { parseListedFile, parseToldSet } from '../../src/model/duplicityoutput';
import { at } from '../support/facts';

describe('a set of collection-status', () => {
  it.each([
    {
      line: '                Full         Tue Nov 24 11:50:00 2026                 2',
      is: { mode: 'full', at: at('2026-11-24T11:50:00Z'), volumes: 2 },
    },
    {
      line: 'Incremental Thu Nov  5 01:02:03 2026 12  ',
      is: { mode: 'incremental', at: at('2026-11-05T01:02:03Z'), volumes: 12 },
    },
  ])('is read: $line', ({ line, is }) => {
    expect(parseToldSet(line)).toEqual(is);
  });

  it.each([
    '',
    'Chain start time: Tue Nov 24 11:50:00 2026',
    'Full Tue Nov 24 11:50:00 2026',
    'x Full Tue Nov 24 11:50:00 2026 2',
    'Full Tue Nov 24 11:50:00 2026 2 x',
    'Full Tue Xyz 24 11:50:00 2026 2',
    'Number of contained backup sets: 2',
  ])('is not %p', (line) => {
    expect(parseToldSet(line)).toBeNull();
  });
});

describe('a file of list-current-files', () => {
  it.each([
    { line: 'Tue Nov 24 11:50:00 2026 data/a b', is: { at: at('2026-11-24T11:50:00Z'), path: 'data/a b' } },
    { line: 'Thu Nov  5 01:02:03 2026 .', is: { at: at('2026-11-05T01:02:03Z'), path: '.' } },
  ])('is read: $line', ({ line, is }) => {
    expect(parseListedFile(line)).toEqual(is);
  });

  it.each([
    '',
    'Last full backup date: Tue Nov 24 11:50:00 2026',
    'Tue Nov 24 11:50:00 2026 ',
    'Tue Xyz 24 11:50:00 2026 a',
    'x Tue Nov 24 11:50:00 2026 a',
  ])('is not %p', (line) => {
    expect(parseListedFile(line)).toBeNull();
  });
});
