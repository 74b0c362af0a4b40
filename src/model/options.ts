import { left, right, type Either } from 'fp-ts/Either';
import { quoted } from './quote';
import { didYouMean } from './suggest';

/** Options with a value that a tag may give: they say where and how snapshots are stored, and nothing else. */
const FROM_TAGS_VALUE = [
  'azure-blob-tier',
  'azure-max-block-size',
  'azure-max-connections',
  'azure-max-single-put-size',
  'backend-retry-delay',
  'concurrency',
  'file-prefix',
  'file-prefix-archive',
  'file-prefix-jsonstat',
  'file-prefix-manifest',
  'file-prefix-signature',
  'imap-mailbox',
  'max-blocksize',
  'num-retries',
  's3-endpoint-url',
  's3-kms-key-id',
  's3-multipart-chunk-size',
  's3-multipart-max-procs',
  's3-region-name',
  'swift-storage-policy',
  'timeout',
  'volsize',
];
const FROM_TAGS_FLAG = [
  'asynchronous-upload',
  'b2-hide-files',
  'ftp-passive',
  'ftp-regular',
  'imap-full-address',
  's3-use-deep-archive',
  's3-use-glacier',
  's3-use-glacier-ir',
  's3-use-ia',
  's3-use-onezone-ia',
  's3-use-rrs',
  's3-use-server-side-encryption',
  's3-use-server-side-kms-encryption',
];

/** What the environment may give besides: the operator's own choice. */
const FROM_ENVIRONMENT_VALUE = [
  'cf-backend',
  'copy-blocksize',
  'encrypt-key',
  'encrypt-secret-keyring',
  'encrypt-sign-key',
  'exclude',
  'exclude-filelist',
  'exclude-if-present',
  'exclude-older-than',
  'exclude-regexp',
  'gpg-binary',
  'gpg-options',
  'hidden-encrypt-key',
  'idr-fakeroot',
  'include',
  'include-filelist',
  'include-regexp',
  'mf-purge',
  'par2-options',
  'par2-redundancy',
  'par2-volumes',
  'rsync-options',
  's3-kms-grant',
  'scp-command',
  'sftp-command',
  'sign-key',
  'ssl-cacert-file',
  'ssl-cacert-path',
  'webdav-headers',
];
const FROM_ENVIRONMENT_FLAG = [
  'exclude-device-files',
  'exclude-other-filesystems',
  'ignore-errors',
  'no-check-remote',
  'no-compression',
  'no-encryption',
  'no-files-changed',
  's3-unencrypted-connection',
  'ssl-no-check-certificate',
  'use-scp',
];

/** What the controller sets or decides itself, or what would end a run before its work. */
const OWNED_VALUE = [
  'archive-dir',
  'config-dir',
  'file-changed',
  'file-to-restore',
  'full-if-older-than',
  'log-fd',
  'log-file',
  'log-timestamp',
  'name',
  'path-to-restore',
  'progress-rate',
  'restore-dir',
  'restore-time',
  'ssh-options',
  'temp-dir',
  'tempdir',
  'time',
  'time-separator',
  'verbosity',
];
const OWNED_FLAG = [
  'allow-source-mismatch',
  'do-not-restore-ownership',
  'dry-run',
  'force',
  'help',
  'jsonstat',
  'no-print-statistics',
  'no-restore-ownership',
  'progress',
  'skip-if-no-change',
  'ssh-askpass',
  'use-agent',
  'version',
];

const fromTags = new Set([...FROM_TAGS_VALUE, ...FROM_TAGS_FLAG]);
const owned = new Set([...OWNED_VALUE, ...OWNED_FLAG]);
const withValue = new Set([...FROM_TAGS_VALUE, ...FROM_ENVIRONMENT_VALUE, ...OWNED_VALUE]);
const flags = new Set([...FROM_TAGS_FLAG, ...FROM_ENVIRONMENT_FLAG, ...OWNED_FLAG]);
const all = [...withValue, ...flags];

/** Whether the option is followed by a value of its own, as far as we know it. */
export function takesValue(name: string): boolean {
  return withValue.has(name);
}

/** The words of a URL value, sorted: options in the form `--opt=value` or `--flag`, and what is no option. */
export interface SortedWords {
  readonly options: readonly string[];
  readonly others: readonly string[];
}

/**
 * Joins two-word options by the option table and refuses what may not be given. From a tag (`trusted` false) only a
 * short list is taken: Duplicity accepts any unambiguous beginning of an option, so a list of bad ones would leak.
 */
export function sortWords(words: readonly string[], trusted: boolean): Either<readonly string[], SortedWords> {
  const options: string[] = [];
  const others: string[] = [];
  const problems: string[] = [];
  for (const word of joined(words)) {
    if (typeof word === 'string') {
      others.push(word);
      continue;
    }
    const problem = problemWith(word, trusted);
    if (problem !== null) problems.push(problem);
    else options.push(word.value === null ? `--${word.name}` : `--${word.name}=${word.value}`);
  }
  return problems.length > 0 ? left(problems) : right({ options, others });
}

interface Option {
  /** Whether it is written `--like-this`. */
  readonly long: boolean;
  readonly name: string;
  readonly value: string | null;
}

/** The words with options taken apart, a value that stands alone joined to the option before it. */
function joined(words: readonly string[]): readonly (string | Option)[] {
  const parts: (string | Option)[] = [];
  let waiting: Option | null = null;
  for (const word of words) {
    if (waiting !== null) {
      parts.push({ ...waiting, value: word });
      waiting = null;
    } else if (!word.startsWith('-')) {
      parts.push(word);
    } else {
      const option = optionOf(word);
      if (option.value === null && withValue.has(option.name)) waiting = option;
      else parts.push(option);
    }
  }
  return waiting === null ? parts : [...parts, waiting];
}

function optionOf(word: string): Option {
  const long = /^--[a-z0-9][a-z0-9-]*(?:=|$)/.test(word);
  const equals = word.indexOf('=');
  return {
    long,
    name: word.slice(2, equals < 0 ? undefined : equals),
    value: equals < 0 ? null : word.slice(equals + 1),
  };
}

// No message shows a value: it may be an expanded variable.
function problemWith(option: Option, trusted: boolean): string | null {
  const { long, name } = option;
  if (!long) return 'an option is not in its long form; write --option=value';
  if (owned.has(name)) return `--${name} is set by the controller; leave it out`;
  return (trusted ? refusalFromEnvironment(name) : refusalFromTag(name)) ?? valueProblemWith(option);
}

function valueProblemWith({ name, value }: Option): string | null {
  if (flags.has(name)) return value === null ? null : `--${name} takes no value; write --${name} alone`;
  const lacks = value === '' || (value === null && withValue.has(name));
  return lacks ? `--${name} needs a value; write --${name}=VALUE` : null;
}

function refusalFromTag(name: string): string | null {
  if (fromTags.has(name)) return null;
  const near = didYouMean(name, fromTags, dashed);
  if (!withValue.has(name) && !flags.has(name) && near !== '') return `--${name} is not an option${near}`;
  const list = [...fromTags].sort().map(dashed).join(' ');
  return `${quoted(`--${name}`)} may not come from a tag, where only storage options are taken (${list}); put it into BACKUP_URL or leave it out`;
}

function refusalFromEnvironment(name: string): string | null {
  if (withValue.has(name) || flags.has(name)) return null;
  const whole = all.filter((each) => each.startsWith(name)).map(dashed);
  if (whole.length > 0) return `--${name} is shortened; write the option in full (${whole.slice(0, 3).join(', ')})`;
  const near = didYouMean(name, all, dashed);
  // An option that is newer than our table goes through; a misspelt one would fail on every device.
  return near === '' ? null : `--${name} is not an option${near}`;
}

function dashed(name: string): string {
  return `--${name}`;
}

/** The value of the last `--name=value` among options, or null. */
export function optionValue(options: readonly string[], name: string): string | null {
  const found = options.findLast((option) => option.startsWith(`--${name}=`));
  return found === undefined ? null : found.slice(name.length + 3);
}
