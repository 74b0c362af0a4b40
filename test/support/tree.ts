import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** One line for each entry of a folder, by path: kind, mode, owner, modification time in seconds, and content. */
export type Tree = Readonly<Record<string, string>>;

/** Everything below a folder that a restore must bring back. Directories' own times are left out: restoring changes them. */
export function treeOf(folder: string): Tree {
  return Object.fromEntries(walk(folder, '').map((path) => [path, describe(join(folder, path))]));
}

function walk(folder: string, below: string): readonly string[] {
  const names = readdirSync(join(folder, below)).sort();
  return names.flatMap((name) => {
    const path = below === '' ? name : `${below}/${name}`;
    return lstatSync(join(folder, path)).isDirectory() ? [path, ...walk(folder, path)] : [path];
  });
}

function describe(path: string): string {
  const stat = lstatSync(path);
  const owner = `${(stat.mode & 0o7777).toString(8)} ${String(stat.uid)}:${String(stat.gid)}`;
  const seconds = Math.floor(stat.mtimeMs / 1000);
  if (stat.isDirectory()) return `directory ${owner}`;
  if (stat.isSymbolicLink()) return `link ${String(stat.uid)}:${String(stat.gid)} -> ${readlinkSync(path)}`;
  if (!stat.isFile()) return `special ${owner}`;
  const digest = createHash('sha256').update(readFileSync(path)).digest('hex');
  return `file ${owner} ${String(seconds)} ${String(stat.size)} ${digest}`;
}
