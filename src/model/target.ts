import { isLeft, left, right, type Either } from 'fp-ts/Either';
import type { DeviceUuid } from './brand';
import { RUN_SECRETS } from './credentials';
import { expandWord } from './expand';
import { optionValue, sortWords } from './options';
import type { Target } from './policy';
import { imageNeedsOf } from './multi';
import { variablesFor } from './needs';
import { hasAuthority, isInBackups, parseUrl, segmentsOf, type UrlParts } from './url';
import { isForbiddenInUrl } from './variables';
import { parseWords } from './words';

/** What a URL value is read with. */
export interface TargetContext {
  readonly uuid: DeviceUuid;
  /** The orchestrator's whole environment. */
  readonly environment: ReadonlyMap<string, string>;
  /** `BACKUP_URL_VARIABLES`, or null. */
  readonly allowed: readonly string[] | null;
  /** Whether the operator wrote it (the environment) rather than somebody who may edit tags. */
  readonly trusted: boolean;
  /** `serverOf` of the operator's own target: the only server that gets the environment's passwords. Null: none does. */
  readonly home: string | null;
  /** Whether a person answers for it that no other device writes there. */
  readonly isRaw?: boolean;
}

/** Splits, expands and checks a URL value. Gives one sentence for each problem; none shows an expanded value. */
export function parseTarget(text: string, context: TargetContext): Either<readonly string[], Target> {
  const words = expanded(text, context);
  if (isLeft(words)) return words;
  const sorted = sortWords(words.right, context.trusted);
  if (isLeft(sorted)) return sorted;
  const { options, others } = sorted.right;
  const [url, ...more] = others;
  if (url === undefined || more.length > 0 || !url.includes('://')) return left([wordsProblem(others)]);
  const parts = parseUrl(url);
  if (isLeft(parts)) return left([parts.left]);
  return finished(parts.right, options, context);
}

/** A target of one URL and options that are both taken as they are: nothing is added to keep devices apart. */
export function rawTarget(
  url: string,
  options: readonly string[],
  context: TargetContext,
): Either<readonly string[], Target> {
  const parts = parseUrl(url);
  if (isLeft(parts)) return left([parts.left]);
  return finished(parts.right, options, { ...context, isRaw: true });
}

/** The server that a target's passwords would be sent to. */
export function serverOf(target: Pick<Target, 'scheme' | 'host' | 'port'>): string {
  return `${target.scheme}://${target.host ?? ''}:${String(target.port ?? '')}`;
}

function expanded(text: string, context: TargetContext): Either<readonly string[], readonly string[]> {
  const words = parseWords(text);
  if (isLeft(words)) return left([words.left]);
  const { uuid, environment, allowed } = context;
  const values: string[] = [];
  const problems: string[] = [];
  for (const word of words.right) {
    const value = expandWord(word, { uuid, environment, allowed, isForbidden: isForbiddenInUrl });
    if (isLeft(value)) problems.push(value.left);
    // eslint-disable-next-line no-control-regex -- control characters are what is looked for
    else if (/[\u0000-\u001f\u007f]/.test(value.right))
      problems.push('a word has a control character in it; remove it');
    else values.push(value.right);
  }
  return problems.length > 0 ? left(problems) : right(values);
}

function wordsProblem(others: readonly string[]): string {
  const urls = others.filter((word) => word.includes('://')).length;
  if (urls === 0) return 'there is no URL in it; write for example rsync://root@HOST:54321//backups/$UUID';
  if (urls > 1) return 'there are two URLs in it; write one';
  return 'there is a word beside the URL that is no option; options begin with --, and a value with blanks needs quotes';
}

function finished(
  parts: UrlParts,
  options: readonly string[],
  context: TargetContext,
): Either<readonly string[], Target> {
  const { backend, scheme, user, host, port, path } = parts;
  if (backend.deviceLocal && context.isRaw !== true && !isInBackups(path)) return left([LOST]);
  const misled = options.find((option) => /^--file-prefix[a-z-]*=(?![A-Za-z0-9_.-]+$)/.test(option));
  if (misled !== undefined) {
    return left([`${misled.replace(/=.*/s, '')} may have letters, digits, _ . and - only`]);
  }
  const written = optionValue(options, 'file-prefix');
  const { environment, trusted, home, uuid } = context;
  const variables = variablesFor(parts, { environment, isHome: trusted || home === serverOf(parts) });
  if (isLeft(variables)) return left([variables.left]);
  const filePrefix = context.isRaw === true ? written : prefixFor(parts, written, uuid);
  const others = options.filter((option) => !option.startsWith('--file-prefix='));
  const prefixOption = filePrefix === null ? [] : [`--file-prefix=${filePrefix}`];
  return right({
    url: urlText(parts),
    options: [...others, ...prefixOption],
    scheme,
    user,
    host,
    port,
    path,
    filePrefix,
    deviceLocal: backend.deviceLocal,
    variables: variables.right,
    overSsh: backend.overSsh,
    needs: imageNeedsOf(backend, environment),
    place: placeOf(parts, filePrefix, uuid),
    shown: shownText(parts),
  });
}

const LOST =
  'file:// must lie in /backups, a volume of the device: any other folder vanishes with the container; write for example file:///backups';

/** One target, one device: where nothing else keeps devices apart, the names of the files do. */
function prefixFor({ backend, path }: UrlParts, written: string | null, uuid: DeviceUuid): string | null {
  const apart = backend.deviceLocal || segmentsOf(path).includes(uuid) || (written?.includes(uuid) ?? false);
  return apart ? written : `${written ?? ''}${uuid}-`;
}

function urlText({ backend, user, password, host, port, path, query }: UrlParts): string {
  const behind = query === '' ? '' : `?${query}`;
  // Its stores are listed in a file that the run brings along, whatever the URL calls it.
  if (backend.scheme === 'multi') return `multi://${RUN_SECRETS}/MULTI_CONFIG${behind}`;
  const secret = password === null ? '' : `:${password}`;
  const login = user === null ? '' : `${user}${secret}@`;
  const folder = backend.endingSlash ? path : path.replace(/\/+$/, '');
  return `${backend.sent}://${login}${hostText(backend.family === 'rsyncd', host, port)}${folder}${behind}`;
}

function hostText(isDaemon: boolean, host: string | null, port: number | null): string {
  return `${host ?? ''}${port === null ? '' : `:${String(port)}`}${isDaemon ? '::' : ''}`;
}

/** No password, and a user only where it is a login name rather than half of a credential. */
function shownText({ backend, scheme, user, host, port, path }: UrlParts): string {
  const login = user !== null && backend.overSsh ? `${user}@` : '';
  return `${scheme}://${login}${hostText(backend.family === 'rsyncd', host, port)}${path}`;
}

function placeOf(parts: UrlParts, prefix: string | null, uuid: DeviceUuid): string {
  const { backend, path } = parts;
  const files = prefix === null ? '' : `#${prefix}`;
  const folder = `${segmentsOf(path).join('/')}${files}`;
  if (backend.deviceLocal) return `file:${uuid}:/${folder}`;
  if (!hasAuthority(backend)) return `${backend.family}://${folder}`;
  return `${backend.family}://${reachedAt(parts)}/${homeOf(parts)}${folder}`;
}

/** Without the port that a scheme has anyway: ftp and ftps, or http and https, reach the same files by different ones. */
function reachedAt({ backend, host, port }: UrlParts): string {
  const isUsual = port === null || port === backend.defaultPort;
  return `${host ?? ''}${isUsual ? '' : `:${String(port)}`}`;
}

/** With one slash rsync and sftp mean a path below the login's home. */
function homeOf({ backend, path, user }: UrlParts): string {
  return backend.family === 'ssh' && !path.startsWith('//') ? `~${user ?? ''}/` : '';
}
