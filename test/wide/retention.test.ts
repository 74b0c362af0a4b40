import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabDevice } from '../lab/device';
import { type Lab, startLab } from '../lab/lab';
import { type ControllerProcess, type LogLine, startController } from '../support/controller';
import { differencesOf } from '../demo/proofs';
import { restoreWithDuplicity } from '../support/duplicity';
import { treeOf } from '../support/tree';

let lab: Lab;
let controller: ControllerProcess;

beforeAll(async () => {
  lab = await startLab();
  controller = startController(
    lab.environment({
      BACKUP_URL: 'file:///backups',
      BACKUP_SCHEDULE: '@monthly',
      BACKUP_FULL_EVERY: '1s',
      BACKUP_KEEP_FULL: '2',
    }),
  );
});

afterAll(async () => {
  await controller.stop();
  await lab.stop();
});

function of(device: LabDevice, event: string): (line: LogLine) => boolean {
  return (line) => line['event'] === event && line['deviceUuid'] === device.uuid;
}

/** Where a device's snapshots are: on itself, or at the collector when its tag says so. */
function storeOf(device: LabDevice): string {
  return atCollector.has(device.uuid) ? lab.storeOf(device) : join(device.volumePath('data'), '../../backups/_data');
}

const atCollector = new Set<string>();

async function enabledDevice(name: string): Promise<LabDevice> {
  const fleet = lab.addFleet({ name: `fleet-${name}` });
  const device = await lab.addDevice({ fleet, name, tags: { backupEnabled: 'true' } });
  await device.putFiles('data', { 'a.txt': 'one' });
  await controller.waitFor(`${name} to be seen`, of(device, 'device.policy.accepted'));
  return device;
}

let tokens = 0;

/** One run that a person asks for; gives the lines that it led to, the last of which says how it ended. */
async function backUp(device: LabDevice): Promise<readonly LogLine[]> {
  tokens += 1;
  const since = controller.lines.length;
  const slot = `request:${String(tokens)}`;
  await device.putFiles('data', { 'a.txt': `content ${String(tokens)}` });
  lab.setTag(device, 'backupRequest', String(tokens));
  const ended = (line: LogLine): boolean => ['run.succeeded', 'run.failed'].includes(String(line['event']));
  await controller.waitFor(`the end of ${slot}`, (line) => line['slot'] === slot && ended(line), { since });
  return controller.lines.slice(since).filter((line) => line['slot'] === slot);
}

function eventOf(lines: readonly LogLine[], event: string): LogLine | undefined {
  return lines.find((line) => line['event'] === event);
}

function filesOf(device: LabDevice): readonly string[] {
  return readdirSync(storeOf(device)).sort();
}

/** The times of the full snapshots, by their manifests. */
function fulls(device: LabDevice): readonly string[] {
  return filesOf(device).flatMap((file) => /^duplicity-full\.(\w+)\.manifest/.exec(file)?.[1] ?? []);
}

function restorable(device: LabDevice): readonly string[] {
  const restored = restoreWithDuplicity(storeOf(device), lab.passphrase);
  try {
    return differencesOf(treeOf(device.volumePath('data')), treeOf(join(restored.folder, 'data')));
  } finally {
    restored.remove();
  }
}

describe('retention', () => {
  it('drops all but the newest chains after a success, says what has gone, and clears what an interrupted run left', async () => {
    const device = await enabledDevice('kept');
    await backUp(device);
    const [oldest] = fulls(device);
    // As a run leaves it that was cut off and whose cache is lost: a volume without a manifest. Two runs must see it.
    const leftover = 'duplicity-full.20200101T000000Z.vol1.difftar.gpg';
    writeFileSync(join(storeOf(device), leftover), 'half');
    await backUp(device);
    expect(existsSync(join(storeOf(device), leftover))).toBe(true);

    const lines = await backUp(device);

    expect(eventOf(lines, 'run.succeeded')).toMatchObject({ mode: 'full' });
    expect(eventOf(lines, 'retention.applied')).toMatchObject({
      retention: { keptFull: 2, dropped: [expect.anything()], healed: 1 },
    });
    expect(eventOf(lines, 'run.warned')).toBeUndefined();
    expect(fulls(device)).toHaveLength(2);
    expect(fulls(device)).not.toContain(oldest);
    expect(existsSync(join(storeOf(device), leftover))).toBe(false);
    expect(filesOf(device).filter((file) => file.includes(oldest ?? 'none'))).toEqual([]);
    expect(restorable(device)).toEqual([]);
    await device.remove();
  });

  it('drops nothing while a chain that is to stay lacks a volume', async () => {
    const device = await enabledDevice('in-doubt');
    await backUp(device);
    await backUp(device);
    const [, second = ''] = fulls(device);
    const volume = filesOf(device).find((file) => file.includes(`${second}.vol1`)) ?? '';
    rmSync(join(storeOf(device), volume));

    const lines = await backUp(device);

    expect(eventOf(lines, 'run.succeeded')).toBeDefined();
    expect(String(eventOf(lines, 'run.warned')?.['message'])).toContain('no old backups were removed');
    expect(eventOf(lines, 'retention.applied')).toBeUndefined();
    expect(fulls(device)).toHaveLength(3);
    await device.remove();
  });

  it('drops nothing after a run that failed', async () => {
    const device = await enabledDevice('failing');
    await backUp(device);
    await backUp(device);
    await backUp(device);
    const before = filesOf(device);
    rmSync(join(device.volumePath('data'), 'a.txt'));
    tokens += 1;
    const since = controller.lines.length;
    lab.setTag(device, 'backupRequest', String(tokens));
    const line = await controller.waitFor('the failure', of(device, 'run.failed'), { since });

    expect(line).toMatchObject({ failure: { kind: 'volume-emptied', names: ['data'] } });
    expect(filesOf(device)).toEqual(before);
    await device.remove();
  });

  it("is the collector's own work where the snapshots are there, and what it dropped is told", async () => {
    const device = await enabledDevice('collected');
    const { host, port } = lab.server.collector;
    lab.setTag(device, 'backupUrl', `rsync://root@${host}:${String(port)}//backups/$UUID`);
    atCollector.add(device.uuid);
    await backUp(device);
    await backUp(device);

    const lines = await backUp(device);

    expect(eventOf(lines, 'run.warned')).toBeUndefined();
    expect(eventOf(lines, 'retention.applied')).toMatchObject({
      retention: { keptFull: 2, dropped: [expect.anything()], healed: 0 },
    });
    expect(await lab.server.collectorLog()).toContain(`pruned device=${device.uuid}`);
    expect(fulls(device)).toHaveLength(2);
    expect(restorable(device)).toEqual([]);
    await device.remove();
  });
});
