import { existsSync, readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = '/sys/fs/cgroup';

/** Removes the cgroups of this name, and those below, in every hierarchy (v1 and v2); those still in use stay. */
export function removeCgroups(name: string): void {
  for (const hierarchy of hierarchies()) {
    const folder = join(hierarchy, name);
    if (existsSync(folder)) removeEmpty(folder);
  }
}

/** The cgroups whose name starts like this, in whatever hierarchy. */
export function cgroupsOf(prefix: string): readonly string[] {
  return [...new Set(hierarchies().flatMap(foldersIn))].filter((name) => name.startsWith(prefix));
}

function hierarchies(): readonly string[] {
  return [ROOT, ...foldersIn(ROOT).map((name) => join(ROOT, name))];
}

function removeEmpty(folder: string): void {
  for (const name of foldersIn(folder)) removeEmpty(join(folder, name));
  try {
    rmdirSync(folder);
  } catch {
    // A process is in it.
  }
}

function foldersIn(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}
