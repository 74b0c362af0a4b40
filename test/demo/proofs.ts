import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabDevice } from '../lab/device';
import type { Lab } from '../lab/lab';
import { restoreWithDuplicity } from '../support/duplicity';
import { type Tree, treeOf } from '../support/tree';

/** Something that the demo shows, and whether it held. */
export interface Proof {
  readonly what: string;
  readonly held: boolean;
  readonly detail: string;
}

/** Restores the device's snapshot with plain Duplicity and compares every entry of every volume with the device. */
export function restoreProof(lab: Lab, device: LabDevice, volumes: readonly string[]): Proof {
  const what = `${device.name}: plain Duplicity restores it, each byte, owner, mode and time the same`;
  try {
    const restored = restoreWithDuplicity(lab.storeOf(device), lab.passphrase);
    try {
      const found = readdirSync(restored.folder).sort();
      if (found.join() !== [...volumes].sort().join()) {
        return { what, held: false, detail: `volumes ${found.join(', ')}` };
      }
      const differences = volumes.flatMap((volume) =>
        differencesOf(treeOf(device.volumePath(volume)), treeOf(join(restored.folder, volume))),
      );
      const entries = volumes.reduce((sum, volume) => sum + Object.keys(treeOf(device.volumePath(volume))).length, 0);
      const detail = differences.length === 0 ? `${String(entries)} entries` : differences.slice(0, 3).join('; ');
      return { what, held: differences.length === 0 && entries > 0, detail };
    } finally {
      restored.remove();
    }
  } catch (error) {
    return { what, held: false, detail: error instanceof Error ? error.message.slice(0, 300) : String(error) };
  }
}

/** Nothing that the volumes hold can be read at the collector. */
export function encryptedProof(lab: Lab, device: LabDevice, marks: readonly string[]): Proof {
  const files = lab.collectorFiles(device);
  const open = files.filter((name) => {
    const content = readFileSync(join(lab.storeOf(device), name));
    return !name.endsWith('.gpg') || marks.some((mark) => content.includes(mark));
  });
  return {
    what: `${device.name}: what the collector holds is encrypted`,
    held: files.length > 0 && open.length === 0,
    detail: open.length === 0 ? `${String(files.length)} files` : `readable: ${open.join(', ')}`,
  };
}

/** A device that nobody enabled has nothing at the collector. */
export function untouchedProof(lab: Lab, device: LabDevice): Proof {
  const files = lab.collectorFiles(device);
  return {
    what: `${device.name}: not enabled, so not backed up`,
    held: files.length === 0,
    detail: `${String(files.length)} files`,
  };
}

/** The run's container, its script and its secrets are gone from the device. */
export async function tidyProof(device: LabDevice): Promise<Proof> {
  const containers = (await device.containers()).filter(({ name }) => name.startsWith('balena-backup'));
  const secrets = (await device.sh('find /run/balena-backup -mindepth 1 2>/dev/null || :')).trim();
  return {
    what: `${device.name}: no container and no secret is left on it`,
    held: containers.length === 0 && secrets === '',
    detail: containers.map(({ name, state }) => `${name} ${state}`).join(', ') || secrets || 'clean',
  };
}

/** Entries that differ, are missing or are too many. */
export function differencesOf(expected: Tree, got: Tree): readonly string[] {
  const paths = [...new Set([...Object.keys(expected), ...Object.keys(got)])];
  return paths
    .filter((path) => expected[path] !== got[path])
    .map(
      (path) => `${JSON.stringify(path)}: ${expected[path] ?? 'not on the device'} / ${got[path] ?? 'not restored'}`,
    );
}

/** The table that the demo ends with. */
export function tableOf(proofs: readonly Proof[]): string {
  const width = Math.max(...proofs.map(({ what }) => what.length));
  return proofs
    .map(({ what, held, detail }) => `  ${held ? 'ok  ' : 'FAIL'}  ${what.padEnd(width)}  ${detail}`)
    .join('\n');
}
