import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { differencesOf } from '../demo/proofs';
import type { LabDevice } from '../lab/device';
import type { Lab } from '../lab/lab';
import type { ControllerProcess, LogLine } from './controller';
import { restoreWithDuplicity } from './duplicity';
import { treeOf } from './tree';

/** Whether a line says how the run for that token of `backupRequest` ended. */
export function isEndOf(device: LabDevice, token: string): (line: LogLine) => boolean {
  return (line) =>
    line['deviceUuid'] === device.uuid &&
    line['slot'] === `request:${token}` &&
    ['run.succeeded', 'run.failed'].includes(String(line['event']));
}

/** Has one backup made by a request of a person, which needs no slot, and gives the line that says how it ended. */
export async function backUp(lab: Lab, running: ControllerProcess, device: LabDevice, token: string): Promise<LogLine> {
  lab.setTag(device, 'backupRequest', token);
  return running.waitFor(`the end of the run for ${token}`, isEndOf(device, token));
}

/** The same, and gives way as soon as its container runs on the device. */
export async function beginBackup(
  lab: Lab,
  running: ControllerProcess,
  device: LabDevice,
  token: string,
): Promise<void> {
  lab.setTag(device, 'backupRequest', token);
  await running.waitFor(
    `${token} to run on the device`,
    (line) => line['event'] === 'run.progressed' && line['phase'] === 'running' && line['slot'] === `request:${token}`,
  );
}

/** What differs between these volumes of a device, all it has, and what plain Duplicity restores from the collector. */
export function differences(lab: Lab, device: LabDevice, volumes: readonly string[]): readonly string[] {
  const restored = restoreWithDuplicity(lab.storeOf(device), lab.passphrase);
  try {
    expect(readdirSync(restored.folder).sort()).toEqual([...volumes].sort());
    return volumes.flatMap((volume) =>
      differencesOf(treeOf(device.volumePath(volume)), treeOf(join(restored.folder, volume))),
    );
  } finally {
    restored.remove();
  }
}
