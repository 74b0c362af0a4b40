import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Restored {
  /** `volumes` as the snapshot holds them: one folder each. */
  readonly folder: string;
  remove(): void;
}

/** Restores the latest snapshot at a folder as README.md says under 'Use it': with this machine's own Duplicity, which has seen nothing of it before. */
export function restoreWithDuplicity(store: string, passphrase: string, options: readonly string[] = []): Restored {
  const work = mkdtempSync(join(tmpdir(), 'balena-backup-restore-'));
  const folder = join(work, 'restored');
  const gnupg = join(work, 'gnupg');
  mkdirSync(gnupg, { mode: 0o700 });
  const remove = (): void => {
    rmSync(work, { recursive: true, force: true });
  };
  const args = ['restore', `--archive-dir=${join(work, 'archive')}`, ...options, `file://${store}`, folder];
  const environment = { PATH: process.env['PATH'] ?? '', HOME: work, GNUPGHOME: gnupg, PASSPHRASE: passphrase };
  const result = spawnSync('duplicity', args, {
    env: environment,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (result.status !== 0) {
    remove();
    throw new Error(
      `duplicity could not restore ${store} (${String(result.status)}): ${result.stdout}${result.stderr}`,
    );
  }
  return { folder, remove };
}
