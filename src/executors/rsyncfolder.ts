import type { Target } from '../model/policy';
import { decodedPath } from '../model/url';

/** An rsync call that makes a folder, from an empty one. */
export interface RsyncFolder {
  readonly options: readonly string[];
  /** The folder as rsync writes it, with a slash at its end. */
  readonly folder: string;
  /** Of a daemon, when the URL has one. */
  readonly password: string | null;
}

/**
 * How the target's folder is made. Null where the backend does it by itself: over rsync Duplicity never makes one, and the
 * first run would fail at its listing.
 */
export function folderOf(target: Target, sshOptions: string): RsyncFolder | null {
  if (target.scheme !== 'rsync') return null;
  const { user, host, port, path } = target;
  const below = `${(decodedPath(path) ?? path).replace(/^\/+|\/+$/g, '')}/`;
  const login = `${user === null ? '' : `${user}@`}${host ?? ''}`;
  if (!target.overSsh) return { ...daemonOf(target), folder: `${login}::${below}` };
  const shell = `ssh -p ${String(port ?? 22)} -oBatchMode=yes ${sshOptions}`;
  return { options: ['-e', shell], folder: `${login}:${path.startsWith('//') ? '/' : ''}${below}`, password: null };
}

function daemonOf({ port, url }: Target): Pick<RsyncFolder, 'options' | 'password'> {
  const [, password = null] = /^rsync:\/\/[^:/@]*:([^@/]*)@/.exec(url) ?? [];
  return {
    options: port === null ? [] : [`--port=${String(port)}`],
    password: password === null ? null : decodeURIComponent(password),
  };
}
