import { existsSync, readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = '/sys/fs/cgroup';

/** Removes the cgroups of this name, and those below, in every hierarchy (v1 and v2); those still in use stay. */
export function removeCgroups(name: string): void {
  for (const hierarchy of [ROOT, ...foldersIn(ROOT)]) {
    const folder = join(hierarchy, name);
    if (existsSync(folder)) removeEmpty(folder);
  }
}

function removeEmpty(folder: string): void {
  foldersIn(folder).forEach(removeEmpty);
  try {
    rmdirSync(folder);
  } catch {
    // A process is in it.
  }
}

function foldersIn(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, entry.name));
}
