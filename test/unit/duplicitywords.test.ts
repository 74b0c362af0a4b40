import { left, right } from 'fp-ts/Either';
import { type DuplicityCommand, writesVolumes } from '../../src/model/duplicitycommand';
import { parseDuplicityWords } from '../../src/model/duplicitywords';

const URL = 'rsync://root@10.0.0.1:54321//backups/abc';

function command(over: Partial<DuplicityCommand> = {}): DuplicityCommand {
  return { word: 'backup', folder: null, amount: null, options: [], ...over };
}

describe("a person's words for Duplicity", () => {
  it.each([
    {
      text: `-v 9 --allow-source-mismatch /volumes file:///backups`,
      url: 'file:///backups',
      expected: command({ folder: '/volumes', options: ['--verbosity=9'] }),
    },
    {
      text: `-v 9 --allow-source-mismatch file:///backups /volumes`,
      url: 'file:///backups',
      expected: command({ word: 'restore', folder: '/volumes', options: ['--verbosity=9', '--force'] }),
    },
    {
      text: `verify -v 9 ${URL} /volumes`,
      expected: command({ word: 'verify', folder: '/volumes', options: ['--verbosity=9'] }),
    },
    {
      text: `verify /volumes ${URL}`,
      expected: command({ word: 'verify', folder: '/volumes' }),
    },
    {
      text: `-v 9 foo/bar ${URL} /volumes/foo/bar`,
      expected: command({
        word: 'restore',
        folder: '/volumes/foo/bar',
        options: ['--verbosity=9', '--path-to-restore=foo/bar', '--force'],
      }),
    },
    {
      text: `-v9 --file-to-restore foo/bar ${URL} /volumes/foo/bar`,
      expected: command({
        word: 'restore',
        folder: '/volumes/foo/bar',
        options: ['--verbosity=9', '--path-to-restore=foo/bar', '--force'],
      }),
    },
    { text: `cleanup --force ${URL}`, expected: command({ word: 'cleanup', options: ['--force'] }) },
    { text: `collection-status ${URL}`, expected: command({ word: 'collection-status' }) },
    { text: `full /volumes ${URL}`, expected: command({ word: 'full', folder: '/volumes' }) },
    { text: `incr /volumes ${URL}`, expected: command({ word: 'incremental', folder: '/volumes' }) },
    {
      text: `list-current-files --time 3D ${URL}`,
      expected: command({ word: 'list-current-files', options: ['--restore-time=3D'] }),
    },
    {
      text: `restore -t 2026-01-01 --do-not-restore-ownership ${URL} /volumes/x`,
      expected: command({
        word: 'restore',
        folder: '/volumes/x',
        options: ['--restore-time=2026-01-01', '--no-restore-ownership', '--force'],
      }),
    },
    {
      text: `remove-older-than 1Y --force ${URL}`,
      expected: command({ word: 'remove-older-than', amount: '1Y', options: ['--force'] }),
    },
    {
      text: `remove-all-but-n-full 2 ${URL}`,
      expected: command({ word: 'remove-all-but-n-full', amount: '2' }),
    },
    {
      text: `remove-all-inc-of-but-n-full 2 ${URL}`,
      expected: command({ word: 'remove-all-inc-of-but-n-full', amount: '2' }),
    },
    {
      text: `replicate ${URL} file:///backups/copy`,
      expected: command({ word: 'replicate', amount: 'file:///backups/copy' }),
    },
    {
      text: `--exclude '/volumes/a b/**' "/volumes" ${URL}`,
      expected: command({ folder: '/volumes', options: ['--exclude=/volumes/a b/**'] }),
    },
    {
      text: `full '/volumes/$(id)' ${URL}`,
      expected: command({ word: 'full', folder: '/volumes/$(id)' }),
    },
  ])('are understood: $text', ({ text, url = URL, expected }) => {
    expect(parseDuplicityWords(text)).toEqual(right({ url, command: expected }));
  });

  it.each([
    { text: '', says: /write FOLDER URL to back up, URL FOLDER to restore/ },
    { text: '/volumes', says: /nothing that Duplicity could do/ },
    { text: `restore ${URL}`, says: /restore takes \[PATH\] URL FOLDER/ },
    { text: `remove-older-than ${URL} 1Y`, says: /remove-older-than takes TIME URL/ },
    { text: `cleanup ${URL} /volumes`, says: /cleanup takes URL/ },
    { text: `full --log-file /tmp/x /volumes ${URL}`, says: /--log-file is set for every run/ },
    { text: `full --archive-dir=/x /volumes ${URL}`, says: /--archive-dir is set for every run/ },
    { text: `full /volumes ${URL} --verbosity`, says: /--verbosity needs a value/ },
    { text: `full "/volumes ${URL}`, says: /double quote/ },
  ])('are refused with what to write: $text', ({ text, says }) => {
    expect(parseDuplicityWords(text)).toEqual(left(expect.stringMatching(says)));
  });
});

describe('a command', () => {
  it.each([
    { folder: '/volumes', writes: true },
    { folder: '/volumes/data/x', writes: true },
    { folder: '/backups/../volumes/data', writes: true },
    { folder: '/backups/volumes', writes: false },
    { folder: '/volumesx', writes: false },
  ])('that restores to $folder writes volumes: $writes', ({ folder, writes }) => {
    expect(writesVolumes(command({ word: 'restore', folder }))).toBe(writes);
  });

  it('that only reads them does not', () => {
    expect(writesVolumes(command({ word: 'verify', folder: '/volumes' }))).toBe(false);
  });
});
