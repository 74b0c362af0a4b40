import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { LabDevice } from '../lab/device';
import { type Lab, startLab } from '../lab/lab';
import { loadOldDuplicity, OLD_DUPLICITY } from '../lab/oldduplicity';
import { command } from '../support/command';
import { type ControllerProcess, type LogLine, startController } from '../support/controller';
import { restoreWithDuplicity } from '../support/duplicity';

const OTHER = 'another passphrase';

let lab: Lab;
let controller: ControllerProcess | null = null;

beforeAll(async () => {
  lab = await startLab();
});

afterEach(async () => {
  await controller?.stop();
});

afterAll(async () => {
  await lab.stop();
});

describe.each([
  { version: '3', image: () => lab.server.duplicityImage },
  { version: '0.8', image: () => OLD_DUPLICITY },
])('a passphrase that was changed, with Duplicity $version', ({ version, image }) => {
  let device: LabDevice;
  let requests = 0;

  beforeAll(async () => {
    const fleet = lab.addFleet({
      name: `fleet-${version}`,
      tags: { backupEnabled: 'true', backupSchedule: '@yearly' },
    });
    device = await lab.addDevice({ fleet, name: `device-${version}` });
    if (version === '0.8') await loadOldDuplicity(device);
    await device.seedVolume('data');
    await backUp();
    await backUp();
  });

  /** One backup that a tag asks for: the line that says how it ended. */
  async function backUp(over: Readonly<Record<string, string>> = {}): Promise<LogLine> {
    const running = startController(lab.environment({ DOCKER_IMAGE: image(), RECONCILE_INTERVAL: '2s', ...over }));
    controller = running;
    await running.waitFor('the first pass', (line) => line['event'] === 'reconcile.finished');
    requests += 1;
    const slot = `request:${version}-${String(requests)}`;
    lab.setTag(device, 'backupRequest', slot.replace('request:', ''));
    const end = await running.waitFor(
      'the end of the run',
      (line) => ['run.succeeded', 'run.failed'].includes(String(line['event'])) && line['slot'] === slot,
    );
    await running.stop();
    return end;
  }

  const REFUSED = { event: 'run.failed', failure: { kind: 'passphrase-wrong' } };
  const ARCHIVE = '/var/lib/docker/volumes/duplicity/_data';

  it.each([
    { where: 'has lost its cache', lose: 'docker volume rm duplicity' },
    { where: 'has its cache and never noted a passphrase', lose: `rm ${ARCHIVE}/*.passphrase` },
  ])('is refused on a device that $where, whatever is asked for, and spoils nothing', async ({ lose }) => {
    const stored = lab.collectorFiles(device);
    await device.sh(lose);

    const ended = await backUp({ PASSPHRASE: OTHER });
    const full = await command(
      lab.environment({ DOCKER_IMAGE: image(), PASSPHRASE: OTHER }),
      ...['backup', device.uuid, '--full'],
    );

    expect(ended).toMatchObject(REFUSED);
    expect(String(ended['message'])).toMatch(/Set PASSPHRASE back, or start a new chain/);
    expect(full).toMatchObject({ code: 1 });
    expect(`${full.out}${full.err}`).toMatch(/Set PASSPHRASE back, or start a new chain/);
    expect(lab.collectorFiles(device)).toEqual(stored);
    expect(await backUp()).toMatchObject({ event: 'run.succeeded', mode: 'incremental' });
  });

  it('begins a new chain where that was asked for, also without a cache, and both can be restored', async () => {
    await device.sh('docker volume rm duplicity');
    const at = String(Math.floor(Date.now() / 1000));
    await device.putFiles('data', { changed: 'since' });
    const over = { PASSPHRASE: OTHER, BACKUP_PASSPHRASE_CHANGE: 'new-chain' };

    expect(await backUp(over)).toMatchObject({ event: 'run.succeeded', mode: 'full' });
    expect(await backUp({ PASSPHRASE: OTHER })).toMatchObject({ event: 'run.succeeded', mode: 'incremental' });
    expect(await backUp()).toMatchObject(REFUSED);

    expect(await device.sh(`find ${ARCHIVE} -name '*.manifest' -size 0`)).toBe('');
    for (const [passphrase, options] of [
      [OTHER, []],
      [lab.passphrase, [`--time=${at}`]],
    ] as const) {
      const restored = restoreWithDuplicity(lab.storeOf(device), passphrase, options);
      expect(existsSync(join(restored.folder, 'data', 'changed'))).toBe(passphrase === OTHER);
      restored.remove();
    }
  });

  it('and set back before the new chain has a set goes on with the former one', async () => {
    const begun = { PASSPHRASE: 'a third one', BACKUP_PASSPHRASE_CHANGE: 'new-chain' };
    const unreachable = { COLLECTOR_HOST_KEY: lab.gateway.hostKey };

    expect(await backUp({ ...begun, ...unreachable })).toMatchObject({ failure: { kind: 'store-unavailable' } });

    expect(await backUp({ PASSPHRASE: OTHER })).toMatchObject({ event: 'run.succeeded', mode: 'incremental' });
  });
});
