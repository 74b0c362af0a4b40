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
    { text: `bu /volumes ${URL}`, word: 'backup' },
    { text: `fb /volumes ${URL}`, word: 'full' },
    { text: `incremental /volumes ${URL}`, word: 'incremental' },
    { text: `inc /volumes ${URL}`, word: 'incremental' },
    { text: `ib ${URL} /volumes`, word: 'incremental' },
    { text: `rb ${URL} /volumes`, word: 'restore' },
    { text: `vb ${URL} /volumes`, word: 'verify' },
    { text: `cl ${URL}`, word: 'cleanup' },
    { text: `st ${URL}`, word: 'collection-status' },
    { text: `ls ${URL}`, word: 'list-current-files' },
    { text: `ro 1Y ${URL}`, word: 'remove-older-than' },
    { text: `ra 2 ${URL}`, word: 'remove-all-but-n-full' },
    { text: `ri 2 ${URL}`, word: 'remove-all-inc-of-but-n-full' },
  ])('are understood by their short names: $text', ({ text, word }) => {
    expect(parseDuplicityWords(text)).toMatchObject(right({ url: URL, command: { word } }));
  });

  it.each([
    { text: '-v=9', options: ['--verbosity=9'] },
    { text: '-r a/b', options: ['--path-to-restore=a/b'] },
    { text: '--exclude-globbing-filelist /x', options: ['--exclude-filelist=/x'] },
    { text: '--include-globbing-filelist=/x', options: ['--include-filelist=/x'] },
    { text: '--dry-run', options: ['--dry-run'] },
    { text: '--timeout=', options: ['--timeout='] },
    { text: '--timeout=a=b', options: ['--timeout=a=b'] },
    { text: '--allow-source-mismatch --force', options: ['--force'] },
    { text: '-z', options: ['--z'] },
    { text: "'--exclude=a\nb'", options: ['--exclude=a\nb'] },
  ])('have their options in the spelling of version 3: $text', ({ text, options }) => {
    expect(parseDuplicityWords(`full ${text} /volumes ${URL}`)).toMatchObject(
      right({ command: { folder: '/volumes', options } }),
    );
  });

  it('are taken as they are: nothing is put in for a name, and no sign is left of what protected it', () => {
    expect(parseDuplicityWords(`full "/volumes/\\$HOME" ${URL}`)).toMatchObject(
      right({ command: { folder: '/volumes/$HOME' } }),
    );
  });

  it('restore over what is there, once they say so', () => {
    expect(parseDuplicityWords(`restore --force ${URL} /volumes`)).toMatchObject(
      right({ command: { options: ['--force'] } }),
    );
  });

  it.each([
    { text: 'backup /volumes', shape: 'backup takes FOLDER URL' },
    { text: `full ${URL}`, shape: 'full takes FOLDER URL' },
    { text: `full ${URL} ${URL}`, shape: 'full takes FOLDER URL' },
    { text: 'incr /a /b', shape: 'incremental takes FOLDER URL' },
    { text: `full /a ${URL} /b`, shape: 'full takes FOLDER URL' },
    { text: `verify ${URL}`, shape: 'verify takes [PATH] URL FOLDER' },
    { text: `restore ${URL} a /b`, shape: 'restore takes [PATH] URL FOLDER' },
    { text: `restore a ${URL} /b c`, shape: 'restore takes [PATH] URL FOLDER' },
    { text: `restore a /b /c`, shape: 'restore takes [PATH] URL FOLDER' },
    { text: 'cleanup', shape: 'cleanup takes URL' },
    { text: 'cleanup /a', shape: 'cleanup takes URL' },
    { text: `collection-status ${URL} ${URL}`, shape: 'collection-status takes URL' },
    { text: `remove-older-than 1Y`, shape: 'remove-older-than takes TIME URL' },
    { text: `remove-older-than ${URL} ${URL}`, shape: 'remove-older-than takes TIME URL' },
    { text: `remove-all-but-n-full ${URL}`, shape: 'remove-all-but-n-full takes COUNT URL' },
    { text: `remove-all-inc-of-but-n-full 2 /a`, shape: 'remove-all-inc-of-but-n-full takes COUNT URL' },
    { text: `remove-older-than 1Y ${URL} x`, shape: 'remove-older-than takes TIME URL' },
    { text: `replicate ${URL}`, shape: 'replicate takes URL URL' },
    { text: `replicate ${URL} /a`, shape: 'replicate takes URL URL' },
  ])('of another shape are refused with the right one: $text', ({ text, shape }) => {
    expect(parseDuplicityWords(text)).toEqual(
      left(`${shape} beside its options; mind that options with a value are written --option=value`),
    );
  });

  it('that mean nothing are refused with all that there is', () => {
    expect(parseDuplicityWords(`/a /b ${URL}`)).toEqual(
      left(
        `"/a /b ${URL}" is nothing that Duplicity could do: write FOLDER URL to back up, URL FOLDER to restore, or one of its commands (backup, full, incremental, restore, verify, cleanup, collection-status, list-current-files, remove-older-than, remove-all-but-n-full, remove-all-inc-of-but-n-full, replicate)`,
      ),
    );
  });

  it.each(['archive-dir', 'name', 'tempdir', 'log-file', 'log-fd'])('may not set %s, which every run sets', (name) => {
    expect(parseDuplicityWords(`full --${name}=x /volumes ${URL}`)).toEqual(
      left(`--${name} is set for every run; leave it out`),
    );
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
    { folder: 'volumes', writes: true },
    { folder: '/volumes/..', writes: false },
    { folder: '/x/./../volumes/.', writes: true },
    { folder: '//volumes//data', writes: true },
  ])('that restores to $folder writes volumes: $writes', ({ folder, writes }) => {
    expect(writesVolumes(command({ word: 'restore', folder }))).toBe(writes);
  });

  it('that only reads them does not', () => {
    expect(writesVolumes(command({ word: 'verify', folder: '/volumes' }))).toBe(false);
    expect(writesVolumes(command({ word: 'restore' }))).toBe(false);
  });
});
