import { execFile } from 'node:child_process';
import { type Either, left, right } from 'fp-ts/Either';
import type { DeviceUuid } from '../model/brand';
import type { Failure } from '../model/failure';
import type { Target } from '../model/policy';
import type { SshCredential } from '../model/ports';
import type { StoredFile } from '../model/sets';
import { segmentsOf } from '../model/url';
import { lastWords, type Login, withLogin } from './collectorlogin';

const LIMIT_MS = 60_000;

/** Where a directory of the collector is. */
export interface CollectorFolder {
  readonly host: string;
  readonly port: number;
  readonly path: string;
}

/** The device's directory, or the one below it that its URL names, as `collector-serve` reads the URL's path; null without a host. */
export function collectorFolderOf(
  { host, port, path }: Pick<Target, 'host' | 'port' | 'path'>,
  uuid: DeviceUuid,
): CollectorFolder | null {
  if (host === null) return null;
  const parts = segmentsOf(path);
  const isWhole = path.startsWith('//') && parts[0] === 'backups';
  const own = isWhole ? parts.slice(1) : parts;
  const below = isWhole && own[0] === uuid ? own.slice(1) : own;
  return { host, port: port ?? 22, path: ['/backups', uuid, ...below].join('/') };
}

/**
 * The files of a directory at the collector, by OpenSSH's own sftp: it knows certificates. A directory that is not there
 * is empty. Left with `store-unavailable` when the collector does not answer or refuses.
 */
export async function readCollectorFiles(
  folder: CollectorFolder,
  credential: SshCredential,
  signal?: AbortSignal,
): Promise<Either<Failure, readonly StoredFile[]>> {
  const { code, out, err } = await withLogin(credential, (login) => sftp(login, folder, signal));
  // Of a batch, the listing alone fails where there is no such directory: there are no snapshots then.
  if (code === 0 || /not found|no such file/i.test(err)) return right(filesIn(out));
  const detail = lastWords(err);
  return left({ kind: 'store-unavailable', detail: detail === '' ? 'the collector gave no answer' : detail });
}

interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function sftp(
  { options, env }: Login,
  { host, port, path }: CollectorFolder,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  const words = [...options, '-P', String(port), '-b', '-', `root@${host}`];
  const given = { timeout: LIMIT_MS, maxBuffer: 64 * 1024 * 1024, env, signal };
  return new Promise((resolve) => {
    const child = execFile('sftp', words, given, (error, out, err) => {
      const missing = error?.code === 'ENOENT' ? 'the program sftp is missing: install openssh-client' : err;
      resolve({ code: error === null ? 0 : 1, out, err: missing });
    });
    child.stdin?.end(`ls -ln "${path}"\n`);
  });
}

/** `-rw-------    1 1000     1000         1234 Nov 25 23:32 /backups/.../name` */
function filesIn(listing: string): readonly StoredFile[] {
  return listing.split('\n').flatMap((line) => {
    const [, size, path = ''] =
      /^-\S+\s+\S+\s+\d+\s+\d+\s+(\d+)\s+\w{3}\s+\d+\s+[\d:]+\s+(\S+)$/.exec(line.trim()) ?? [];
    return size === undefined ? [] : [{ name: path.slice(path.lastIndexOf('/') + 1), bytes: Number(size) }];
  });
}
