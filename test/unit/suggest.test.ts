import { didYouMean, editDistance, nearest } from '../../src/model/suggest';

describe('what a person probably meant', () => {
  it.each([
    { word: 'sftpp', known: ['sftp', 'ftp'], meant: 'sftp' },
    { word: 'SFTP', known: ['sftp'], meant: 'sftp' },
    { word: 'tmieout', known: ['timeout', 'tempdir'], meant: 'timeout' },
    { word: 'SCRT_B2_ID', known: ['B2_ID', 'HOME'], meant: 'B2_ID' },
    { word: 'B2_ID', known: ['MY_B2_ID', 'HOME'], meant: 'MY_B2_ID' },
    { word: 'TOKEN', known: ['TOKEN_OF_MINE'], meant: 'TOKEN_OF_MINE' },
    { word: 'TOKEN_OF_MINE', known: ['TOKEN'], meant: 'TOKEN' },
    // A few edits are nearer than a part in front.
    { word: 'B2_IDS', known: ['MY_B2_IDS', 'B2_ID'], meant: 'B2_ID' },
    { word: 'aaaa', known: ['aaab', 'aaac'], meant: 'aaab' },
    { word: 'aaaa', known: ['aaac', 'aaab'], meant: 'aaab' },
    { word: 'backupSchedules1', known: ['backupSchedule'], meant: 'backupSchedule' },
  ])('by $word of $known is $meant', ({ word, known, meant }) => {
    expect(nearest(word, known)).toBe(meant);
    expect(didYouMean(word, known)).toBe(`; did you mean ${meant}?`);
  });

  it.each([
    { word: 'xyz', known: ['sftp'] },
    { word: 'ab', known: ['cd'] },
    { word: 'a', known: ['b'] },
    { word: 'abcd', known: ['abxy'] },
    { word: 'abcdefgh', known: ['abcxyzgh'] },
    { word: 'abcdefghijklmnopqrst', known: ['abcdefghijklmnop'] },
    { word: 'MY_ID', known: ['ID'] },
    { word: 'MYTOKEN', known: ['TOKEN'] },
    { word: '', known: ['a', ''] },
    { word: 'a', known: [] },
  ])('by $word of $known is nothing', ({ word, known }) => {
    expect(nearest(word, known)).toBeNull();
    expect(didYouMean(word, known)).toBe('');
  });

  it('is shown as it would be written', () => {
    expect(didYouMean('sftpp', ['sftp'], (name) => `${name}://`)).toBe('; did you mean sftp://?');
  });
});

describe('how many edits lie between two words', () => {
  it.each([
    { from: '', to: '', edits: 0 },
    { from: '', to: 'abc', edits: 3 },
    { from: 'abc', to: '', edits: 3 },
    { from: 'abc', to: 'abc', edits: 0 },
    { from: 'abc', to: 'abd', edits: 1 },
    { from: 'abc', to: 'acb', edits: 1 },
    { from: 'ab', to: 'ba', edits: 1 },
    { from: 'abc', to: 'bca', edits: 2 },
    { from: 'kitten', to: 'sitting', edits: 3 },
    { from: 'sitting', to: 'kitten', edits: 3 },
    { from: 'aab', to: 'aba', edits: 1 },
    { from: 'xaby', to: 'xbay', edits: 1 },
  ])('$from and $to: $edits', ({ from, to, edits }) => {
    expect(editDistance(from, to)).toBe(edits);
  });
});
