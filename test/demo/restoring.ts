import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { LabDevice } from '../lab/device';
import type { Lab } from '../lab/lab';
import { treeOf } from '../support/tree';
import { differencesOf, type Proof } from './proofs';

const RESTORE = join(__dirname, '..', '..', 'bin', 'restore.sh');

/** Wipes the device's volume `data` and brings it back by hand, as a person would. */
export async function wipedAndRestored(
  lab: Lab,
  device: LabDevice,
  show: (line: string) => void,
): Promise<readonly Proof[]> {
  const before = treeOf(device.volumePath('data'));
  const running = await upOn(device);
  for (const path of Object.keys(before)) {
    rmSync(join(device.volumePath('data'), path), { recursive: true, force: true });
  }
  const code = await restored(lab, device, show);
  const differences = differencesOf(before, treeOf(device.volumePath('data')));
  const again = await upOn(device);
  const detail =
    differences.length === 0 ? `${String(Object.keys(before).length)} entries` : differences.slice(0, 3).join('; ');
  return [
    {
      what: `${device.name}: wiped and brought back by restore.sh, each byte, owner, mode and time the same`,
      held: code === 0 && differences.length === 0,
      detail: code === 0 ? detail : `exit code ${String(code)}`,
    },
    {
      what: `${device.name}: its services run again after the restore`,
      held: running.length > 0 && again.join() === running.join(),
      detail: again.join(', ') || 'none',
    },
  ];
}

async function restored(lab: Lab, { uuid }: LabDevice, show: (line: string) => void): Promise<number | null> {
  const child = spawn(RESTORE, [uuid, '--yes', '--wait'], {
    env: { PATH: process.env['PATH'] ?? '', ...lab.environment() },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const input of [child.stdout, child.stderr]) createInterface({ input }).on('line', show);
  await once(child, 'close');
  return child.exitCode;
}

async function upOn(device: LabDevice): Promise<readonly string[]> {
  const containers = await device.containers();
  return containers
    .filter(({ state, name }) => state === 'running' && !name.startsWith('balena-backup'))
    .map(({ name }) => name);
}
