import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { differencesOf } from '../demo/proofs';
import type { LabDevice } from '../lab/device';
import { type Lab, startLab } from '../lab/lab';
import { type ControllerProcess, type LogLine, startController } from '../support/controller';
import { restoreWithDuplicity } from '../support/duplicity';
import { treeOf } from '../support/tree';

let lab: Lab;
let controller: ControllerProcess | null = null;

beforeAll(async () => {
  lab = await startLab();
});

afterEach(async () => {
  await controller?.stop();
  controller = null;
});

afterAll(async () => {
  await lab.stop();
});

function start(over: Readonly<Record<string, string>> = {}): ControllerProcess {
  controller = startController(lab.environment(over));
  return controller;
}

function of(device: LabDevice, event: string): (line: LogLine) => boolean {
  return (line) => line['event'] === event && line['deviceUuid'] === device.uuid;
}

/** Has one backup made by a request of a person, which needs no slot, and gives the line that says how it ended. */
async function backUp(running: ControllerProcess, device: LabDevice, token: string): Promise<LogLine> {
  const since = running.lines.length;
  lab.setTag(device, 'backupRequest', token);
  return running.waitFor(
    `the end of the run for ${token}`,
    (line) => line['slot'] === `request:${token}` && ['run.succeeded', 'run.failed'].includes(String(line['event'])),
    { since },
  );
}

/** What differs between the device's volumes and their latest snapshot at the store. */
function differences(device: LabDevice, store: string, volumes: readonly string[]): readonly string[] {
  const restored = restoreWithDuplicity(store, lab.passphrase);
  try {
    expect(readdirSync(restored.folder).sort()).toEqual([...volumes].sort());
    return volumes.flatMap((volume) =>
      differencesOf(treeOf(device.volumePath(volume)), treeOf(join(restored.folder, volume))),
    );
  } finally {
    restored.remove();
  }
}

/** Time for the controller to see a device enabled, so that a token that comes later is a request. */
async function seen(running: ControllerProcess, device: LabDevice): Promise<void> {
  await running.waitFor(`${device.name} to be seen`, of(device, 'device.policy.accepted'));
}

describe('a device whose volumes are backed up and restored by plain Duplicity', () => {
  it.each([
    { way: 'rsync', url: (host: string) => `rsync://root@${host}//backups/$UUID` },
    { way: 'sftp', url: (host: string) => `sftp://root@${host}//backups/$UUID` },
    { way: 'scp, which becomes sftp,', url: (host: string) => `scp://root@${host}//backups/$UUID/below` },
    { way: 'file', url: () => 'file:///backups' },
  ])('by $way: byte for byte, and again after a change', async ({ way, url }) => {
    const fleet = lab.addFleet({ name: `fleet-${way.replace(/\W/g, '')}` });
    const { host, port } = lab.server.collector;
    const backupUrl = url(`${host}:${String(port)}`);
    const device = await lab.addDevice({ fleet, name: way, tags: { backupEnabled: 'true', backupUrl } });
    await device.seedVolume('data');
    await device.putFiles('more', { 'a/b/c.txt': 'text\n' });
    const store =
      way === 'file'
        ? join(device.volumePath('data'), '../../backups/_data')
        : join(lab.storeOf(device), backupUrl.endsWith('/below') ? 'below' : '');
    const running = start();
    await seen(running, device);

    const full = await backUp(running, device, 'first');

    expect(full).toMatchObject({ event: 'run.succeeded', mode: 'full' });
    expect(differences(device, store, ['data', 'more'])).toEqual([]);

    await device.putFiles('data', { 'logs/app.log': 'changed', 'new file': 'new' });
    rmSync(join(device.volumePath('data'), 'database/journal'));
    const incremental = await backUp(running, device, 'second');

    expect(incremental).toMatchObject({ event: 'run.succeeded', mode: 'incremental' });
    expect(differences(device, store, ['data', 'more'])).toEqual([]);
    expect((await device.containers()).map(({ name }) => name)).toEqual([]);
    expect((await device.sh('ls -A /run/balena-backup 2>/dev/null || :')).trim()).toBe('');
    await device.remove();
  });
});

describe('the controller', () => {
  it('runs what is due at its schedule, on one connection, and asks the API once a pass', async () => {
    const fleet = lab.addFleet({
      name: 'scheduled',
      tags: { backupEnabled: 'true', backupSchedule: '*/20 * * * * *' },
    });
    const device = await lab.addDevice({ fleet, name: 'by-its-fleet' });
    const other = await lab.addDevice({ fleet, name: 'not-wanted', tags: { backupEnabled: 'false' } });
    await device.seedVolume('data');
    await other.seedVolume('data');
    // The run has to be over before the next slot.
    await device.docker(['pull', '--quiet', lab.server.duplicityImage]);
    const before = { ...lab.gateway.counts };
    const running = start({ RECONCILE_INTERVAL: '1h' });

    const started = await running.waitFor('a scheduled run', of(device, 'run.started'));
    await running.waitFor('its end', of(device, 'run.succeeded'));
    await running.waitFor('the connection to be closed', (line) => line['event'] === 'transport.closed');

    expect(String(started['slot'])).toMatch(/:\d0\.000Z$/);
    expect(lab.gateway.counts.connections - before.connections).toBe(1);
    expect(lab.gateway.counts.channels - before.channels).toBe(1);
    expect(lab.api.requests.filter(({ path }) => path.startsWith('/v7/device?'))).toHaveLength(
      running.lines.filter((line) => line['event'] === 'reconcile.started' && line['cause'] === 'start').length +
        devicesAskedBefore,
    );
    expect(lab.collectorFiles(other)).toEqual([]);
    await Promise.all([device.remove(), other.remove()]);
  });
});

let devicesAskedBefore = 0;

beforeEach(() => {
  devicesAskedBefore = lab.api.requests.filter(({ path }) => path.startsWith('/v7/device?')).length;
});
