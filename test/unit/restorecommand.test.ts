import { left, right } from 'fp-ts/Either';
import { sourceOf } from '../../src/restorecommand';
import { aDevice, aUuid, tagsOf } from '../support/desired';
import { policyDefaultsOf, settingsOf } from '../support/settings';

const url = { variable: 'BACKUP_URL', text: 'rsync://root@192.0.2.1:54321//backups/$UUID', given: true };
const settings = settingsOf({ defaults: { ...policyDefaultsOf(), url } });
const device = aDevice({ uuid: aUuid(1), name: 'new' });
const old = aDevice({ uuid: aUuid(9), name: 'old', tags: tagsOf({ backupUrl: 'sftp://h//old/$UUID' }) });
const gone = aUuid(8);

async function sourceFrom(from: string | null): Promise<unknown> {
  const found = [device, old].filter(({ uuid, name }) => from === name || uuid.startsWith(from?.toLowerCase() ?? '-'));
  return sourceOf(device, from, settings, { find: () => Promise.resolve(right(found)) });
}

describe('the device whose backups are restored', () => {
  test.each([
    { name: 'nobody', from: null, uuid: device.uuid, path: `//backups/${device.uuid}` },
    { name: 'its name', from: 'old', uuid: old.uuid, path: `//old/${old.uuid}` },
    { name: 'the beginning of its UUID', from: old.uuid.slice(0, 31), uuid: old.uuid, path: `//old/${old.uuid}` },
    { name: 'its whole UUID', from: old.uuid.toUpperCase(), uuid: old.uuid, path: `//old/${old.uuid}` },
    { name: 'the whole UUID of one that is gone', from: gone, uuid: gone, path: `//backups/${gone}` },
    { name: 'its own whole UUID', from: device.uuid, uuid: device.uuid, path: `//backups/${device.uuid}` },
  ])('is named as devices are: by $name', async ({ from, uuid, path }) => {
    expect(await sourceFrom(from)).toMatchObject(right({ uuid, target: { path } }));
  });

  test.each([
    {
      name: 'the beginning of no UUID',
      from: gone.slice(0, 31),
      says: /^--from: No device is called .* whole UUID\.$/,
    },
    { name: 'too few digits', from: aUuid(9).slice(0, 6), says: /^--from: ".*" is too short for a UUID/ },
    // A new device is often called as the one that it stands for.
    { name: 'a name that is the device’s own', from: 'new', says: /^--from: that is the device itself/ },
  ])('is not guessed from $name', async ({ from, says }) => {
    const message: unknown = expect.stringMatching(says);
    expect(await sourceFrom(from)).toEqual(left({ code: 2, message }));
  });
});
