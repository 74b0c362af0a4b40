import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { LabDevice } from '../lab/device';
import { type Lab, startLab } from '../lab/lab';
import { loadOldDuplicity, OLD_DUPLICITY } from '../lab/oldduplicity';
import { command } from '../support/command';
import { restoreWithDuplicity } from '../support/duplicity';

const OTHER = 'another passphrase';
const ARCHIVE = '/var/lib/docker/volumes/duplicity/_data';
const REFUSED = /Set PASSPHRASE back, or start a new chain with BACKUP_PASSPHRASE_CHANGE=new-chain/;

let lab: Lab;

beforeAll(async () => {
  lab = await startLab();
});

afterAll(async () => {
  await lab.stop();
});

describe.each([
  { version: '3', image: () => lab.server.duplicityImage },
  { version: '0.8', image: () => OLD_DUPLICITY },
])('a passphrase that was changed, with Duplicity $version', ({ version, image }) => {
  let device: LabDevice;

  beforeAll(async () => {
    const fleet = lab.addFleet({ name: `fleet-${version}`, tags: { backupEnabled: 'true' } });
    device = await lab.addDevice({ fleet, name: `device-${version}` });
    if (version === '0.8') await loadOldDuplicity(device);
    await device.seedVolume('data');
    expect(await backUp({}, '--full')).toMatch(/code 0$/);
  });

  /** What a backup by hand says, and its exit code. */
  async function backUp(over: Readonly<Record<string, string>>, ...flags: readonly string[]): Promise<string> {
    const environment = lab.environment({ DOCKER_IMAGE: image(), ...over });
    const { code, out, err } = await command(environment, 'backup', device.uuid, ...flags);
    return `${out}${err}code ${String(code)}`;
  }

  it.each([
    { where: 'has lost its cache', lose: 'docker volume rm duplicity' },
    { where: 'has its cache and never noted a passphrase', lose: `rm ${ARCHIVE}/*.passphrase` },
  ])('is refused on a device that $where, whatever is asked for, and spoils nothing', async ({ lose }) => {
    const stored = lab.collectorFiles(device);
    await device.sh(lose);

    for (const flags of [[], ['--full']]) {
      const said = await backUp({ PASSPHRASE: OTHER }, ...flags);
      expect(said).toMatch(REFUSED);
      expect(said).toMatch(/code 1$/);
    }

    expect(lab.collectorFiles(device)).toEqual(stored);
    expect(await backUp({})).toMatch(/Stored an incremental snapshot[^]*code 0$/);
  });

  it('begins a new chain where that was asked for, also without a cache, and both can be restored', async () => {
    await device.sh('docker volume rm duplicity');
    const at = String(Math.floor(Date.now() / 1000));
    await device.putFiles('data', { changed: 'since' });

    const begun = await backUp({ PASSPHRASE: OTHER, BACKUP_PASSPHRASE_CHANGE: 'new-chain' });
    const added = await backUp({ PASSPHRASE: OTHER });

    expect(begun).toMatch(/the former backups need the former passphrase/);
    expect(begun).toMatch(/Stored a full snapshot[^]*code 0$/);
    expect(added).toMatch(/Stored an incremental snapshot[^]*code 0$/);
    expect(await backUp({})).toMatch(REFUSED);
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

    expect(await backUp({ ...begun, COLLECTOR_HOST_KEY: lab.gateway.hostKey })).toMatch(/code 1$/);

    expect(await device.sh(`ls ${ARCHIVE}`)).toContain('.begun');
    expect(await backUp({ PASSPHRASE: OTHER })).toMatch(/Stored an incremental snapshot[^]*code 0$/);
    expect(await device.sh(`ls ${ARCHIVE}`)).not.toContain('.begun');
  });
});
