import { isLeft } from 'fp-ts/Either';
import { optionValue, sortWords, takesValue } from '../../src/model/options';

/** Options and other words in order, or the problems. */
function sorted(words: readonly string[], trusted: boolean): readonly string[] {
  const result = sortWords(words, trusted);
  return isLeft(result) ? result.left : [...result.right.options, '|', ...result.right.others];
}

const fromTag = (...words: readonly string[]): readonly string[] => sorted(words, false);
const fromEnvironment = (...words: readonly string[]): readonly string[] => sorted(words, true);

describe('the options beside a URL', () => {
  it.each([
    {
      name: 'a value behind an equals sign',
      words: ['--timeout=30', 'sftp://h//b'],
      is: ['--timeout=30', '|', 'sftp://h//b'],
    },
    {
      name: 'a value of its own word',
      words: ['sftp://h//b', '--timeout', '30'],
      is: ['--timeout=30', '|', 'sftp://h//b'],
    },
    { name: 'a value that looks like an option', words: ['--file-prefix', '--x'], is: ['--file-prefix=--x', '|'] },
    { name: 'a value with equals signs', words: ['--timeout=a=b', 'u'], is: ['--timeout=a=b', '|', 'u'] },
    { name: 'a flag, which takes no word', words: ['--s3-use-ia', 'u'], is: ['--s3-use-ia', '|', 'u'] },
    {
      name: 'several, in their order',
      words: ['--volsize', '50', 'u', '--ftp-passive', '--num-retries=3'],
      is: ['--volsize=50', '--ftp-passive', '--num-retries=3', '|', 'u'],
    },
    { name: 'none', words: ['u', 'v'], is: ['|', 'u', 'v'] },
  ])('$name', ({ words, is }) => {
    expect(fromTag(...words)).toEqual(is);
    expect(fromEnvironment(...words)).toEqual(is);
  });

  it.each([
    { words: ['-v9'], is: 'an option is not in its long form; write --option=value' },
    { words: ['-'], is: 'an option is not in its long form; write --option=value' },
    { words: ['--'], is: 'an option is not in its long form; write --option=value' },
    { words: ['--Timeout=3'], is: 'an option is not in its long form; write --option=value' },
    { words: ['-x--timeout=3'], is: 'an option is not in its long form; write --option=value' },
    { words: ['--=3'], is: 'an option is not in its long form; write --option=value' },
    { words: ['--archive-dir=/x'], is: '--archive-dir is set by the controller; leave it out' },
    { words: ['--archive-dir', '/x'], is: '--archive-dir is set by the controller; leave it out' },
    { words: ['--dry-run'], is: '--dry-run is set by the controller; leave it out' },
    { words: ['--ftp-passive=yes'], is: '--ftp-passive takes no value; write --ftp-passive alone' },
    { words: ['--timeout='], is: '--timeout needs a value; write --timeout=VALUE' },
    { words: ['--timeout'], is: '--timeout needs a value; write --timeout=VALUE' },
  ])('$words is refused, whoever wrote it', ({ words, is }) => {
    expect(fromTag(...words)).toEqual([is]);
    expect(fromEnvironment(...words)).toEqual([is]);
  });

  it('are refused with all their problems at once', () => {
    expect(fromTag('--timeout=', '-v9')).toHaveLength(2);
  });
});

describe('options of a tag', () => {
  it('are storage options alone: others are named with those that may be given', () => {
    const [problem = ''] = fromTag('--rsync-options=-e');

    expect(problem).toMatch(
      /^"--rsync-options" may not come from a tag, where only storage options are taken \(--asynchronous-upload --azure-blob-tier .* --timeout --volsize\); put it into BACKUP_URL or leave it out$/,
    );
  });

  it.each([
    { word: '--no-encryption', says: 'may not come from a tag' },
    { word: '--newer-than-our-table=1', says: 'may not come from a tag' },
    { word: '--time', says: 'is set by the controller' },
    { word: '--timeou=3', says: '--timeou is not an option; did you mean --timeout?' },
    { word: '--ftp-passiv', says: '--ftp-passiv is not an option; did you mean --ftp-passive?' },
    // An option of Duplicity that is near one of ours is not a slip of the pen.
    { word: '--ssl-cacert-path=/x', says: '"--ssl-cacert-path" may not come from a tag' },
  ])('$word is refused', ({ word, says }) => {
    expect(fromTag(word)).toEqual([expect.stringContaining(says)]);
  });
});

describe('options of the environment', () => {
  it.each([
    { words: ['--no-encryption', 'u'], is: ['--no-encryption', '|', 'u'] },
    { words: ['--rsync-options', '-e', 'u'], is: ['--rsync-options=-e', '|', 'u'] },
    { words: ['--newer-than-our-table=1', 'u'], is: ['--newer-than-our-table=1', '|', 'u'] },
    { words: ['--newer-than-our-table', 'u'], is: ['--newer-than-our-table', '|', 'u'] },
  ])('$words are taken', ({ words, is }) => {
    expect(fromEnvironment(...words)).toEqual(is);
  });

  it.each([
    { word: '--newer-than-our-table=', is: '--newer-than-our-table needs a value; write --newer-than-our-table=VALUE' },
    {
      word: '--file-pre=x',
      is: '--file-pre is shortened; write the option in full (--file-prefix, --file-prefix-archive, --file-prefix-jsonstat)',
    },
    { word: '--no-enc', is: '--no-enc is shortened; write the option in full (--no-encryption)' },
    { word: '--no-encrpytion', is: '--no-encrpytion is not an option; did you mean --no-encryption?' },
  ])('$word is refused', ({ word, is }) => {
    expect(fromEnvironment(word)).toEqual([is]);
  });
});

describe('an option', () => {
  it('has the last value that was given for it', () => {
    const options = ['--file-prefix=a', '--file-prefix=b=c', '--file-prefix-archive=d', '--ftp-passive'];

    expect(optionValue(options, 'file-prefix')).toBe('b=c');
    expect(optionValue(options, 'file')).toBeNull();
    expect(optionValue(options, 'ftp-passive')).toBeNull();
  });

  it('is known to take a value or not', () => {
    expect(['timeout', 'rsync-options', 'tempdir', 'ftp-passive', 'no-such-option'].map(takesValue)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});
