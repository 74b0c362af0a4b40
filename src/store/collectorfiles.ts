import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Either, left, right } from 'fp-ts/Either';
import type { Failure } from '../model/failure';
import type { SshCredential } from '../model/ports';
import type { StoredFile } from '../model/sets';

const LIMIT_MS = 60_000;
/** Memory rather than a disk, where there is any. */
const MEMORY = '/dev/shm';

/** Where a directory of the collector is. */
export interface CollectorFolder {
  readonly host: string;
  readonly port: number;
  readonly path: string;
}

/**
 * The files of a directory at the collector, by OpenSSH's own sftp: it knows certificates. A directory that is not there
 * is empty. Left with `store-unavailable` when the collector does not answer or refuses.
 */
export async function readCollectorFiles(
  folder: CollectorFolder,
  credential: SshCredential,
): Promise<Either<Failure, readonly StoredFile[]>> {
  const scratch = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'balena-backup-'));
  try {
    writeFileSync(join(scratch, 'key'), credential.privateKey.reveal(), { mode: 0o600 });
    writeFileSync(join(scratch, 'key-cert.pub'), credential.certificate ?? '', { mode: 0o600 });
    writeFileSync(join(scratch, 'known_hosts'), credential.knownHosts, { mode: 0o600 });
    const { code, out, err } = await sftp(scratch, folder);
    // Of a batch, the listing alone fails where there is no such directory: there are no snapshots then.
    if (code === 0 || /not found|no such file/i.test(err)) return right(filesIn(out));
    const detail = err.trim().split('\n').slice(-2).join(' ').slice(0, 300);
    return left({ kind: 'store-unavailable', detail: detail === '' ? 'the collector gave no answer' : detail });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function sftp(scratch: string, { host, port, path }: CollectorFolder): Promise<Answer> {
  const options = [
    'BatchMode=yes',
    'StrictHostKeyChecking=yes',
    `UserKnownHostsFile=${join(scratch, 'known_hosts')}`,
    'GlobalKnownHostsFile=/dev/null',
    `IdentityFile=${join(scratch, 'key')}`,
    'IdentitiesOnly=yes',
    'ConnectTimeout=15',
  ].flatMap((option) => ['-o', option]);
  const words = ['-q', '-F', '/dev/null', ...options, '-P', String(port), '-b', '-', `root@${host}`];
  const given = { timeout: LIMIT_MS, maxBuffer: 64 * 1024 * 1024, env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' } };
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
