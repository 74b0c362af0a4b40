import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { differencesOf } from '../demo/proofs';
import type { LabDevice } from '../lab/device';
import { type Lab, startLab } from '../lab/lab';
import { command as run } from '../support/command';
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

/** Its exit code, and all that it said. */
async function command(...words: readonly string[]): Promise<{ readonly code: number | null; readonly text: string }> {
  const { code, out, err } = await run(lab.environment(), ...words);
  return { code, text: `${out}${err}` };
}

function expectEnd(end: Awaited<ReturnType<typeof command>>, code: number, says: RegExp): void {
  expect(end.text).toMatch(says);
  expect(end.code).toBe(code);
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

/** What a run may leave on a device: nothing in memory, no lock, and in staging the undo copy at the most. */
async function leftovers(of: LabDevice): Promise<string> {
  const staging = '/var/lib/docker/volumes/balena-backup-staging/_data';
  const found = `find /run/balena-backup /tmp/balena-supervisor ${staging} -mindepth 1 ! -type d ! -path '${staging}/undo/*'`;
  const names = (await of.containers()).map(({ name }) => name).filter((name) => name.startsWith('balena-backup'));
  return (await of.sh(`${found} 2>/dev/null || :`)) + names.join();
}

const VOLUMES = ['data', 'settings', 'unrelated'];

describe('restore', () => {
  it('brings wiped volumes back byte for byte, with the services running again; an undo takes that back', async () => {
    const before = trees(device, VOLUMES);
    const up = await states(device);
    await device.sh(`rm -rf ${device.volumePath('data')}/* ${device.volumePath('settings')}/a`);
    writeFileSync(join(device.volumePath('data'), 'not in the backup'), 'x');
    const wiped = trees(device, VOLUMES);

    const done = await command('restore', device.uuid, '--yes');

    expectEnd(done, 0, /Restored data, settings, unrelated.* started again: other, web/);
    expect(differences(before, trees(device, VOLUMES))).toEqual([]);
    expect(await states(device)).toEqual(up);
    expect(await leftovers(device)).toBe('');

    expect(await command('restore', device.uuid, '--undo', '--yes')).toMatchObject({ code: 0 });
    expect(differences(wiped, trees(device, VOLUMES))).toEqual([]);
    expect(await command('restore', device.uuid, '--undo', '--yes')).toMatchObject({ code: 0 });
    expect(differences(before, trees(device, VOLUMES))).toEqual([]);
    expect(await states(device)).toEqual(up);
  });

  it('shows its plan and changes nothing without consent, in a dry run, and for a time before the first backup', async () => {
    const before = trees(device, VOLUMES);

    const unasked = await command('restore', device.uuid);
    const dry = await command('restore', device.uuid, '--dry-run');
    const early = await command('restore', device.uuid, '--yes', '--at', '2001-01-01');

    const plan = /Restore of .*kitchen[^]*data: \d+ files and folders, about [^]*other, web stopped only while/;
    expectEnd(unasked, 5, plan);
    expectEnd(dry, 0, plan);
    expectEnd(early, 5, /at or before 2001-01-01.*There are: \d{4}-/);
    expect(differences(before, trees(device, VOLUMES))).toEqual([]);
    expect(await leftovers(device)).toBe('');
  });

  it('brings one file back and leaves all beside it as it is', async () => {
    const before = trees(device, VOLUMES);
    writeFileSync(join(device.volumePath('data'), 'bin/tool'), 'broken');
    writeFileSync(join(device.volumePath('data'), 'bin/other'), 'kept');

    expect(await command('restore', device.uuid, '--path', 'data/bin/tool', '--yes')).toMatchObject({ code: 0 });

    expect(differences(before, trees(device, VOLUMES))).toEqual([
      expect.stringContaining('"bin/other": not on the device'),
    ]);
    expect(await leftovers(device)).toBe('');
  });

  it('writes over one volume in place where that is asked for, and leaves the others', async () => {
    const before = trees(device, VOLUMES);
    writeFileSync(join(device.volumePath('settings'), 'a/b.txt'), 'changed');
    writeFileSync(join(device.volumePath('data'), 'bin/other'), 'changed too');

    const done = await command('restore', device.uuid, '--volumes', 'settings', '--in-place', '--yes');

    expect(done).toMatchObject({ code: 0 });
    expect(differences(before, trees(device, VOLUMES))).toEqual([expect.stringContaining('"bin/other"')]);
    expect(await leftovers(device)).toBe('');
  });

  it('does not stop a service that holds its update lock', async () => {
    const lock = `/tmp/balena-supervisor/services/${String(device.fleetId)}/web/updates.lock`;
    await device.sh(`mkdir -p $(dirname ${lock}); : >${lock}`);

    const refused = await command('restore', device.uuid, '--yes');
    await device.sh(`rm ${lock}`);

    expectEnd(refused, 5, /web holds its update lock/);
  });

  it('fills a new device from the backups of one that is gone', async () => {
    const before = trees(device, ['data', 'settings']);
    await device.remove();
    lab.api.state.removeDevice(device.uuid);
    const fleet = lab.addFleet({ name: 'new home' });
    const next = await lab.addDevice({ fleet, name: 'kitchen again' });

    const done = await command('restore', next.uuid, '--from', device.uuid, '--yes');

    expect(done).toMatchObject({ code: 0 });
    expect(differences(before, trees(next, ['data', 'settings'])).filter((line) => !/bin.other/.test(line))).toEqual(
      [],
    );
    const labels = await next.docker([
      'volume',
      'inspect',
      '--format',
      '{{json .Labels}}',
      `${String(next.fleetId)}_data`,
    ]);
    expect(JSON.parse(labels)).toMatchObject({ 'io.balena.supervised': 'true' });
    expect(await leftovers(next)).toBe('');
  });
});
