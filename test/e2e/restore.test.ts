import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { differencesOf } from '../demo/proofs';
import type { LabDevice } from '../lab/device';
import { type Lab, startLab } from '../lab/lab';
import { type CommandEnd, runCommand } from '../support/command';
import { type Tree, treeOf } from '../support/tree';

let lab: Lab;
let device: LabDevice;

beforeAll(async () => {
  lab = await startLab();
  const fleet = lab.addFleet({ name: 'home', tags: { backupEnabled: 'true', backupSchedule: '@monthly' } });
  device = await lab.addDevice({ fleet, name: 'kitchen' });
  await device.seedVolume('data');
  await device.putFiles('settings', { 'a/b.txt': 'first' });
  await device.startService('web', 'data');
  await device.startService('other', 'unrelated');
  expect(await command('backup', device.uuid)).toMatchObject({ code: 0 });
});

afterAll(async () => {
  await lab.stop();
});

function command(...words: readonly string[]): Promise<CommandEnd> {
  return runCommand(words, lab.environment());
}

function trees(of: LabDevice, volumes: readonly string[]): Readonly<Record<string, Tree>> {
  return Object.fromEntries(volumes.map((volume) => [volume, treeOf(of.volumePath(volume))]));
}

function differences(before: Readonly<Record<string, Tree>>, after: Readonly<Record<string, Tree>>): readonly string[] {
  return Object.keys(before).flatMap((volume) => differencesOf(before[volume] ?? {}, after[volume] ?? {}));
}

/** Up or not, by name. */
async function states(of: LabDevice): Promise<Readonly<Record<string, string>>> {
  return Object.fromEntries((await of.containers()).map(({ name, state }) => [name, state]));
}

describe('restore', () => {
  it('brings wiped volumes back byte for byte, with the services running again', async () => {
    const before = trees(device, ['data', 'settings', 'unrelated']);
    const up = await states(device);
    await device.sh(`rm -rf ${device.volumePath('data')}/* ${device.volumePath('settings')}/a`);
    writeFileSync(join(device.volumePath('data'), 'not in the backup'), 'x');

    const done = await runCommand([device.uuid, '--yes'], lab.environment(), 'restore.sh');

    expect(done).toMatchObject({ code: 0 });
    expect(differences(before, trees(device, ['data', 'settings', 'unrelated']))).toEqual([]);
    expect(await states(device)).toEqual(up);
    console.log(done.text);
    expect(
      await device.sh(
        'ls -A /tmp/balena-supervisor/services/*/* /run/balena-backup; ls -A /var/lib/docker/volumes/balena-backup-staging/_data',
      ),
    ).toBe('');
  });
});
