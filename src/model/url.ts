import { left, right, type Either } from 'fp-ts/Either';
import { BACKENDS, RSYNC_DAEMON, type Backend } from './backend';
import { GONE_SCHEMES } from './gone';
import { quoted } from './quote';
import { didYouMean } from './suggest';

/** A backup URL taken apart and checked; no part of it is decoded. */
export interface UrlParts {
  readonly backend: Backend;
  /** As written, lower case. */
  readonly scheme: string;
  readonly user: string | null;
  readonly password: string | null;
  readonly host: string | null;
  readonly port: number | null;
  /** With its leading slashes, which Duplicity tells apart for rsync and sftp. */
  readonly path: string;
  /** `name=value&...` behind a `?`; empty where there is none. */
  readonly query: string;
}

const USER = /^[A-Za-z0-9_.%+~][A-Za-z0-9_.%+~@-]*$/;
const PASSWORD = /^[A-Za-z0-9_.%+~!*'()&=;:-]*$/;
const HOST = /^(?:[A-Za-z0-9][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])$/;
// Paths go through shells of backends and of servers: what a shell, rsync or rclone reads as more than a name stays out.
const PATH = /^[A-Za-z0-9_.%+~@:=/-]*$/;

/** Takes `scheme://...` apart. The message shows nothing of the URL but its scheme: the rest may be an expanded variable. */
export function parseUrl(text: string): Either<string, UrlParts> {
  const [, written = '', rest = ''] = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(.*)$/s.exec(text) ?? [];
  const scheme = written.toLowerCase();
  const backend = backendOf(scheme, rest);
  if (typeof backend === 'string') return left(backend);
  const { place, query } = splitQuery(backend, rest);
  const parts = hasAuthority(backend) ? withAuthority(place) : pathOnly(place);
  const problem = problemWith(backend, parts, place) ?? queryProblem(backend, query);
  if (problem !== null) return left(problem);
  return right({
    backend,
    scheme,
    query,
    ...parts,
    port: parts.port === '' ? null : Number(parts.port),
  });
}

function backendOf(scheme: string, rest: string): Backend | string {
  const gone = GONE_SCHEMES.get(scheme);
  if (gone !== undefined) return `${scheme}:// cannot be used: ${gone}`;
  const backend = BACKENDS.get(scheme);
  if (backend !== undefined) return scheme === 'rsync' && /^[^/]*::/.test(rest) ? RSYNC_DAEMON : backend;
  const near = didYouMean(scheme, BACKENDS.keys(), (name) => `${name}://`);
  const known = near === '' ? `; the schemes are ${[...BACKENDS.keys()].join(', ')}` : near;
  return `${quoted(`${scheme}://`)} is not a scheme that Duplicity knows${known}`;
}

/** Whether a host, or a bucket in its place, stands before the path. */
export function hasAuthority({ authority }: Backend): boolean {
  return authority === 'server' || authority === 'bucket';
}

function splitQuery(backend: Backend, rest: string): { readonly place: string; readonly query: string } {
  const mark = backend.query.length === 0 ? -1 : rest.indexOf('?');
  return mark < 0 ? { place: rest, query: '' } : { place: rest.slice(0, mark), query: rest.slice(mark + 1) };
}

interface RawParts {
  readonly user: string | null;
  readonly password: string | null;
  readonly host: string | null;
  readonly port: string;
  readonly path: string;
}

function pathOnly(path: string): RawParts {
  return { user: null, password: null, host: null, port: '', path };
}

function withAuthority(rest: string): RawParts {
  const slash = rest.indexOf('/');
  const authority = slash < 0 ? rest : rest.slice(0, slash);
  const below = slash < 0 ? '' : rest.slice(slash);
  const at = authority.lastIndexOf('@');
  const [, host = '', port = '', module = ''] =
    /^(\[[^\]]*\]|[^:]*)(?::([^:]*))?(?:::(.*))?$/.exec(authority.slice(at + 1)) ?? [];
  // The module of an rsync daemon stands between the host and the path.
  return {
    ...loginOf(at < 0 ? null : authority.slice(0, at)),
    host: host.toLowerCase(),
    port,
    path: `${module}${below}`,
  };
}

function loginOf(text: string | null): Pick<RawParts, 'user' | 'password'> {
  if (text === null) return { user: null, password: null };
  const colon = text.indexOf(':');
  return colon < 0 ? { user: text, password: null } : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

function problemWith(backend: Backend, parts: RawParts, rest: string): string | null {
  const path = pathProblem(parts.path) ?? moduleProblem(backend, parts.path) ?? placeProblem(backend, parts.path);
  if (!hasAuthority(backend)) return path;
  return (
    loginProblem(parts, rest) ?? hostProblem(backend, parts.host ?? '') ?? portProblem(backend, parts.port) ?? path
  );
}

function queryProblem({ scheme, query: names, queryNeeded, example }: Backend, query: string): string | null {
  if (query === '' && queryNeeded)
    return `${scheme}:// needs ${names.join('=... or ')}=... behind a ?, for example ${example}`;
  const written = query === '' ? [] : query.split('&');
  const isKnown = written.every((each) => {
    const [, name = ''] = /^([A-Za-z]+)=[A-Za-z0-9_.-]+$/.exec(each) ?? [];
    return names.includes(name);
  });
  return isKnown
    ? null
    : `behind the ? of a ${scheme}:// URL only ${names.join('=... and ')}=... may stand, joined by &`;
}

function loginProblem({ user, password, port }: RawParts, rest: string): string | null {
  if (user === null && /\D/.test(port) && rest.includes('@')) {
    return 'the user or password seems to have a / in it; write it as %2F';
  }
  if (user !== null && !USER.test(user)) {
    return 'the user name has characters that cannot stand there; write them percent-encoded';
  }
  if (password === null || PASSWORD.test(password)) return null;
  return 'the password has characters that cannot stand there; write them percent-encoded, for example %40 for @ and %2F for /';
}

function hostProblem({ scheme, authority }: Backend, host: string): string | null {
  const name = authority === 'server' ? 'host' : 'bucket';
  if (host === '') return `${scheme}:// needs a ${name} after it`;
  return HOST.test(host) ? null : `the ${name} is not a name: it has letters, digits, dots, - and _ only`;
}

function portProblem({ scheme, authority, fixedPort, defaultPort }: Backend, port: string): string | null {
  if (port === '') return null;
  const valid = /^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535;
  if (!valid) return 'the port is not a number from 1 to 65535';
  if (authority === 'bucket') return `${scheme}:// names a bucket, which has no port${S3_HOST.get(scheme) ?? ''}`;
  if (!fixedPort || Number(port) === defaultPort) return null;
  return `Duplicity always goes to port ${String(defaultPort)} for ${scheme}://; leave the port out`;
}

const S3_HOST = new Map([['s3', '; give a server of your own by --s3-endpoint-url=https://HOST:PORT']]);

function pathProblem(path: string): string | null {
  const decoded = decodedPath(path);
  if (!PATH.test(path) || decoded === null || !PATH.test(decoded)) {
    return 'the path has characters that are not safe there; use letters, digits and _ . + ~ @ : = - between slashes';
  }
  if (decoded.split('/').includes('..')) return 'the path has .. in it; write the path that is meant';
  return path.startsWith('-') ? 'the path begins with -, which would be read as an option' : null;
}

/** What stands behind a host without a slash would become part of its name. */
function moduleProblem(backend: Backend, path: string): string | null {
  const isStray = hasAuthority(backend) && backend.family !== 'rsyncd' && /^[^/]/.test(path);
  return isStray ? 'only rsync://HOST::MODULE/ has :: behind the host' : null;
}

/** What is wrong with a path that has only good characters. */
function placeProblem(backend: Backend, path: string): string | null {
  if (backend.deviceLocal) {
    return /^\/+[^/]/.test(path) ? null : 'file:// needs a folder by its absolute path, for example file:///backups';
  }
  if (backend.authority === 'remote' && !/^[A-Za-z0-9_][A-Za-z0-9_.+@-]*:/.test(path)) {
    return `${backend.scheme}:// needs the name of a remote and a colon, for example ${backend.example}`;
  }
  if (!backend.folders && /[^/]/.test(path)) {
    return `${backend.scheme}:// has no folders: name the bucket alone, for example ${backend.example}; the files' names keep devices apart`;
  }
  const isNamed = backend.endingSlash ? path !== '' : /[^/]/.test(path);
  if (isNamed || backend.authority === 'bucket') return null;
  return 'the path is missing; name a folder, for example //backups/$UUID';
}

/** Whether a path is one of the device's own folder for snapshots: any other would vanish with the container. */
export function isInBackups(path: string): boolean {
  return segmentsOf(path)[0] === 'backups';
}

/** The folders that a path names, decoded, from the outermost on. */
export function segmentsOf(path: string): readonly string[] {
  return (decodedPath(path) ?? path).split('/').filter((segment) => segment !== '' && segment !== '.');
}

/** Null when it is not percent-encoded text. */
export function decodedPath(path: string): string | null {
  try {
    return decodeURIComponent(path);
  } catch {
    return null;
  }
}
