import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';

export type Say = (text: string) => void;

/** Artefacts that take long to make, each in a folder `<kind>-<key>` that is whole or not there. */
export interface Cache {
  readonly folder: string;
  /** The artefact's folder, or null; one that was asked for is kept for a while. */
  find(kind: string, key: string): string | null;
  /** Only under the lock. What `make` leaves in the folder it gets becomes the artefact at once, when it has ended well. */
  make(kind: string, key: string, make: (folder: string) => Promise<void>): Promise<string>;
}

/** Starts with a dot, so that no artefact's name can be one. */
const UNFINISHED = '.new-';
/** Another checkout, or a lab that is just starting, may still need what is not the newest. */
const KEEP_MS = 3_600_000;

export function openCache(): Cache {
  const folder = process.env['BALENA_BACKUP_LAB_CACHE'] ?? '/var/cache/balena-backup-lab';
  mkdirSync(folder, { recursive: true });
  const find: Cache['find'] = (kind, key) => {
    const path = join(folder, `${kind}-${key}`);
    if (!existsSync(path)) return null;
    utimesSync(path, new Date(), new Date());
    return path;
  };
  return {
    folder,
    find,
    make: async (kind, key, make) => {
      const unfinished = join(folder, `${UNFINISHED}${kind}`);
      const path = join(folder, `${kind}-${key}`);
      rmSync(unfinished, { recursive: true, force: true });
      mkdirSync(unfinished);
      await make(unfinished);
      renameSync(unfinished, path);
      find(kind, key);
      dropOld(folder, kind, path);
      return path;
    },
  };
}

function dropOld(folder: string, kind: string, kept: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (!name.startsWith(`${kind}-`) || path === kept || Date.now() - statSync(path).mtimeMs < KEEP_MS) continue;
    rmSync(path, { recursive: true, force: true });
  }
}

/**
 * Runs `work` while no other process on this machine does. The lock is a child's that ends when its input does, so a
 * killed process holds nothing; then what it had not finished is cleared away here.
 */
export async function exclusively<T>(cache: Cache, say: Say, work: () => Promise<T>): Promise<T> {
  const holder = spawn('flock', [join(cache.folder, '.lock'), 'sh', '-c', 'echo held; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(holder, 'close');
  const waiting = setTimeout(() => {
    say('another lab is preparing images: waiting for it');
  }, 1000);
  try {
    await Promise.race([once(holder.stdout, 'data'), ended]);
    clearTimeout(waiting);
    if (holder.exitCode !== null) throw new Error(`flock failed (${String(holder.exitCode)})`);
    for (const name of readdirSync(cache.folder).filter((each) => each.startsWith(UNFINISHED)))
      rmSync(join(cache.folder, name), { recursive: true, force: true });
    return await work();
  } finally {
    clearTimeout(waiting);
    holder.stdin.end();
    await ended;
  }
}

/** The same for the same parts in the same order, short enough for a folder's name. */
export function keyOf(...parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${String(part.length)}:`).update(part);
  return hash.digest('hex').slice(0, 16);
}
