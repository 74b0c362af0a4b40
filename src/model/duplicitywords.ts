import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { CommandWord, DuplicityCommand } from './duplicitycommand';
import { takesValue } from './options';
import { quoted } from './quote';
import { parseWords } from './words';

/** A person's words for Duplicity, taken apart; `url` is still as written. */
export interface ParsedWords {
  readonly command: DuplicityCommand;
  readonly url: string;
}

/** Every spelling of a command that some version of Duplicity knows. */
const SPELLINGS: Readonly<Record<CommandWord, readonly string[]>> = {
  backup: ['backup', 'bu'],
  full: ['full', 'fb'],
  incremental: ['incremental', 'incr', 'inc', 'ib'],
  restore: ['restore', 'rb'],
  verify: ['verify', 'vb'],
  cleanup: ['cleanup', 'cl'],
  'collection-status': ['collection-status', 'st'],
  'list-current-files': ['list-current-files', 'ls'],
  'remove-older-than': ['remove-older-than', 'ro'],
  'remove-all-but-n-full': ['remove-all-but-n-full', 'ra'],
  'remove-all-inc-of-but-n-full': ['remove-all-inc-of-but-n-full', 'ri'],
  replicate: ['replicate'],
};
const COMMANDS: ReadonlyMap<string, CommandWord> = new Map(
  entriesOf(SPELLINGS).flatMap(([word, spellings]) => spellings.map((spelling) => [spelling, word] as const)),
);

/** Short options, and old names, in the spelling of version 3. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['v', 'verbosity'],
  ['t', 'restore-time'],
  ['r', 'path-to-restore'],
  ['file-to-restore', 'path-to-restore'],
  ['do-not-restore-ownership', 'no-restore-ownership'],
  ['time', 'restore-time'],
  ['exclude-globbing-filelist', 'exclude-filelist'],
  ['include-globbing-filelist', 'include-filelist'],
]);
/** What every run has already. */
const GIVEN = ['allow-source-mismatch'];
/** What the run's own script reads or lives by. */
const OURS = ['archive-dir', 'name', 'tempdir', 'log-file', 'log-fd'];

/** Splits like a shell splits, evaluates nothing, and finds out what Duplicity is to do. */
export function parseDuplicityWords(text: string): Either<string, ParsedWords> {
  const pieces = parseWords(text);
  if (isLeft(pieces)) return pieces;
  const words = pieces.right.map((word) => word.map((piece) => piece.text.replaceAll('\0', '')).join(''));
  const sorted = sorting(words);
  if (typeof sorted === 'string') return left(sorted);
  const [first = '', ...rest] = sorted.others;
  const word = COMMANDS.get(first);
  return word === undefined ? implied(sorted.others, sorted.options) : SHAPES[word](word, rest, sorted.options);
}

interface Sorted {
  readonly options: readonly string[];
  readonly others: readonly string[];
}

function sorting(words: readonly string[]): Sorted | string {
  const options: string[] = [];
  const others: string[] = [];
  let waiting: string | null = null;
  for (const word of words) {
    if (waiting !== null) {
      options.push(`--${waiting}=${word}`);
      waiting = null;
    } else if (!word.startsWith('-')) {
      others.push(word);
    } else {
      const { name, value } = optionOf(word);
      if (OURS.includes(name)) return `--${name} is set for every run; leave it out`;
      if (value === null && takesValue(name)) waiting = name;
      else if (!GIVEN.includes(name)) options.push(`--${name}${value === null ? '' : `=${value}`}`);
    }
  }
  return waiting === null ? { options, others } : `--${waiting} needs a value`;
}

/** `-v 9`, `-v9` and `--verbosity=9` are the same. */
function optionOf(word: string): { readonly name: string; readonly value: string | null } {
  const [, short, joined] = /^-([a-z])(.*)$/s.exec(word) ?? [];
  if (short !== undefined) {
    const value = joined === undefined || joined === '' ? null : joined.replace(/^=/, '');
    return { name: RENAMED.get(short) ?? short, value };
  }
  const [, name = '', value = null] = /^--([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
  return { name: RENAMED.get(name) ?? name, value };
}

type Parse = Either<string, ParsedWords>;

/** Without a command word the order of URLs and folders says what is meant, as Duplicity itself takes it. */
const IMPLIED: ReadonlyMap<string, CommandWord> = new Map([
  ['folder url', 'backup'],
  ['url folder', 'restore'],
  ['folder url folder', 'restore'],
]);

function implied(others: readonly string[], options: readonly string[]): Parse {
  const word = IMPLIED.get(others.map((each) => (isUrl(each) ? 'url' : 'folder')).join(' '));
  if (word !== undefined) return SHAPES[word](word, others, options);
  const known = Object.keys(SPELLINGS).join(', ');
  return left(
    `${quoted(others.join(' '))} is nothing that Duplicity could do: write FOLDER URL to back up, URL FOLDER to restore, or one of its commands (${known})`,
  );
}

type Shape = (word: CommandWord, others: readonly string[], options: readonly string[]) => Parse;

/** What stands behind each command. */
const SHAPES: Readonly<Record<CommandWord, Shape>> = {
  backup: withFolder,
  full: withFolder,
  incremental: withFolder,
  restore: withPath,
  verify: withPath,
  cleanup: urlAlone,
  'collection-status': urlAlone,
  'list-current-files': urlAlone,
  'remove-older-than': (...call) => withAmount(...call, 'TIME URL'),
  'remove-all-but-n-full': (...call) => withAmount(...call, 'COUNT URL'),
  'remove-all-inc-of-but-n-full': (...call) => withAmount(...call, 'COUNT URL'),
  replicate: twoUrls,
};

function urlAlone(word: CommandWord, others: readonly string[], options: readonly string[]): Parse {
  const [url = ''] = others;
  return others.length === 1 && isUrl(url) ? made(word, url, { options }) : misshaped(word, 'URL');
}

function twoUrls(word: CommandWord, others: readonly string[], options: readonly string[]): Parse {
  const [url = '', amount = ''] = others;
  if (others.length !== 2 || !others.every(isUrl)) return misshaped(word, 'URL URL');
  return made(word, url, { options, amount });
}

/** A folder and a URL, in either order. */
function withFolder(
  word: CommandWord,
  others: readonly string[],
  options: readonly string[],
  shape = 'FOLDER URL',
): Parse {
  const url = others.find(isUrl);
  const folder = others.find((each) => !isUrl(each));
  if (others.length !== 2 || url === undefined || folder === undefined) return misshaped(word, shape);
  return made(word, url, { options, folder });
}

/** `[PATH] URL FOLDER`: the path in the backup as an argument of its own is a way of writing the original documents. */
function withPath(word: CommandWord, others: readonly string[], options: readonly string[]): Parse {
  const shape = '[PATH] URL FOLDER';
  const [path = '', ...rest] = others;
  if (others.length < 3) return withFolder(word, others, forced(word, options), shape);
  if (isUrl(path) || rest.length !== 2) return misshaped(word, shape);
  return withFolder(word, rest, forced(word, [...options, `--path-to-restore=${path}`]), shape);
}

/** Volumes are never empty folders, and without it Duplicity 3.0.4 hangs before one that is not. */
function forced(word: CommandWord, options: readonly string[]): readonly string[] {
  return word === 'restore' && !options.includes('--force') ? [...options, '--force'] : options;
}

function withAmount(word: CommandWord, others: readonly string[], options: readonly string[], shape: string): Parse {
  const [amount = '', url = ''] = others;
  if (others.length !== 2 || !isUrl(url) || isUrl(amount)) return misshaped(word, shape);
  return made(word, url, { options, amount });
}

function made(word: CommandWord, url: string, over: Partial<DuplicityCommand>): Parse {
  return right({ url, command: { word, folder: null, amount: null, options: [], ...over } });
}

function misshaped(word: CommandWord, shape: string): Parse {
  return left(`${word} takes ${shape} beside its options; mind that options with a value are written --option=value`);
}

function isUrl(word: string): boolean {
  return /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(word);
}

function entriesOf<K extends string, V>(record: Readonly<Record<K, V>>): readonly (readonly [K, V])[] {
  const known = (key: string): key is K => key in record;
  return Object.entries<V>(record).flatMap(([key, value]) => (known(key) ? [[key, value] as const] : []));
}
