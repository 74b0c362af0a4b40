import { isLeft, left, right, type Either } from 'fp-ts/Either';
import type { Backend } from './backend';
import { isReadBy } from './credentials';
import { parseStores } from './multi';
import type { UrlParts } from './url';

/** Who asks, and with what. */
export interface NeedsContext {
  readonly environment: ReadonlyMap<string, string>;
  /** Whether the URL's server is one that the operator named: only then it gets the environment's passwords. */
  readonly isHome: boolean;
}

/** Names of the orchestrator's variables that a run to this URL gets. Left: what is missing, or may not be sent there. */
export function variablesFor(parts: UrlParts, context: NeedsContext): Either<string, readonly string[]> {
  const { backend } = parts;
  const { environment, isHome } = context;
  const names = [...environment]
    .filter(([name, value]) => value !== '' && isReadBy(backend, name))
    .map(([name]) => name);
  const passwords = names.filter((name) => backend.passwords.includes(name));
  const withheld = parts.password === null && !isHome && passwords.length > 0;
  if (withheld && wantsPassword(parts)) return left(elsewhere(passwords));
  const problem =
    loginProblem(parts, passwords) ?? needProblem(parts, environment) ?? storesProblem(backend, environment);
  if (problem !== null) return left(problem);
  return right(names.filter((name) => isHome || !backend.passwords.includes(name)).sort());
}

function wantsPassword({ backend, user }: UrlParts): boolean {
  return backend.login === 'needed' || (backend.login === 'optional' && user !== null);
}

function elsewhere(passwords: readonly string[]): string {
  return `${passwords.join(', ')} is only sent to the server of BACKUP_URL, and this is another; put the server into BACKUP_URL, or a password of its own into the URL by a variable`;
}

function loginProblem(parts: UrlParts, known: readonly string[]): string | null {
  const { backend, user, password } = parts;
  const { scheme, login, example, passwords } = backend;
  if (login === 'needed' && user === null) return `${scheme}:// needs a user before the @, for example ${example}`;
  if (!wantsPassword(parts) || password !== null || known.length > 0) return null;
  const inUrl = 'write it into the URL by a variable of your own';
  if (passwords.length === 0) return `${scheme}:// needs a password; ${inUrl}, for example ${example}`;
  return `${scheme}:// needs a password; ${settingOf(passwords)}, or ${inUrl}`;
}

function settingOf(names: readonly string[]): string {
  const files = names.map((name) => `${name}_FILE`).join(', ');
  return `set ${names.join(' and ')} on the orchestrator (or ${files}, the path of a file that holds it)`;
}

/** What the set lacks that is the nearest to being whole; where nothing is known yet, the first. */
function needProblem({ backend, path }: UrlParts, environment: ReadonlyMap<string, string>): string | null {
  const { scheme, needs } = backend;
  const isKnown = (name: string): boolean => (environment.get(name) ?? '') !== '';
  const sets = needs.map((set) => {
    const names = set.map((name) => name.replace('*', remoteOf(path)));
    const missing = names.filter((name) => !isKnown(name));
    return { missing, rank: missing.length === names.length ? Infinity : missing.length };
  });
  const [nearest, ...others] = sets.sort((one, other) => (one.rank < other.rank ? -1 : Number(one.rank > other.rank)));
  if (nearest === undefined || nearest.missing.length === 0) return null;
  const rest = others.map(({ missing }) => `, or else ${missing.join(' and ')}`);
  return `${scheme}:// needs ${nearest.missing.join(' and ')}${rest.join('')}; ${settingOf(nearest.missing)}`;
}

/** As rclone writes a remote's name in the names of variables. */
function remoteOf(path: string): string {
  return path
    .replace(/:.*$/s, '')
    .toUpperCase()
    .replace(/[^A-Z0-9_]/g, '_');
}

function storesProblem({ scheme }: Backend, environment: ReadonlyMap<string, string>): string | null {
  if (scheme !== 'multi') return null;
  const stores = parseStores(environment.get('MULTI_CONFIG') ?? '');
  return isLeft(stores) ? stores.left : null;
}
