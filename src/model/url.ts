import { left, right, type Either } from 'fp-ts/Either';
import { BACKENDS, DEAD_SCHEMES, RSYNC_DAEMON, type Backend } from './backend';
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
  const parts = backend.authority === 'none' ? pathOnly(rest) : withAuthority(rest);
  const problem = problemWith(backend, parts, rest);
  if (problem !== null) return left(problem);
  return right({
    backend,
    scheme,
    ...parts,
    host: parts.host === '' ? null : parts.host,
    port: parts.port === '' ? null : Number(parts.port),
  });
}

function backendOf(scheme: string, rest: string): Backend | string {
  const dead = DEAD_SCHEMES.get(scheme);
  if (dead !== undefined) return `${scheme}:// cannot be used: ${dead}`;
  const backend = BACKENDS.get(scheme);
  if (backend !== undefined) return scheme === 'rsync' && /^[^/]*::/.test(rest) ? RSYNC_DAEMON : backend;
  const near = didYouMean(scheme, BACKENDS.keys(), (name) => `${name}://`);
  const known = near === '' ? `; the schemes are ${[...BACKENDS.keys()].join(', ')}` : near;
  return `${quoted(`${scheme}://`)} is not a scheme that Duplicity knows${known}`;
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
  const path = pathProblem(parts.path) ?? emptyPathProblem(backend, parts.path);
  if (backend.authority === 'none') return path;
  return loginProblem(parts, rest) ?? hostProblem(backend, parts.host ?? '') ?? portProblem(parts.port) ?? path;
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

function portProblem(port: string): string | null {
  if (port === '') return null;
  const valid = /^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535;
  return valid ? null : 'the port is not a number from 1 to 65535';
}

function pathProblem(path: string): string | null {
  const decoded = decodedPath(path);
  if (!PATH.test(path) || decoded === null || !PATH.test(decoded)) {
    return 'the path has characters that are not safe there; use letters, digits and _ . + ~ @ : = - between slashes';
  }
  if (decoded.split('/').includes('..')) return 'the path has .. in it; write the path that is meant';
  return path.startsWith('-') ? 'the path begins with -, which would be read as an option' : null;
}

function emptyPathProblem(backend: Backend, path: string): string | null {
  // What stands behind a host without a slash would become part of its name.
  if (backend.authority !== 'none' && backend.family !== 'rsyncd' && /^[^/]/.test(path)) {
    return 'only rsync://HOST::MODULE/ has :: behind the host';
  }
  if (backend.deviceLocal) {
    return /^\/+[^/]/.test(path) ? null : 'file:// needs a folder by its absolute path, for example file:///backups';
  }
  if (path !== '' || backend.authority === 'bucket') return null;
  return 'the path is missing; name a folder, for example //backups/$UUID';
}

/** Null when it is not percent-encoded text. */
export function decodedPath(path: string): string | null {
  try {
    return decodeURIComponent(path);
  } catch {
    return null;
  }
}
