import { left, right } from 'fp-ts/Either';
import { otherSource, ownSource } from '../../src/model/restoresource';
import { aDevice, aFleet, aUuid, tagsOf } from '../support/desired';
import { policyDefaultsOf, settingsOf } from '../support/settings';

const own = aUuid(1);
const gone = aUuid(9);
const settings = withUrl('rsync://root@192.0.2.1:54321//backups/$UUID');
const device = aDevice({ uuid: own, tags: tagsOf({ backupEnabled: 'false' }) });

function withUrl(text: string): ReturnType<typeof settingsOf> {
  return settingsOf({ defaults: { ...policyDefaultsOf(), url: { variable: 'BACKUP_URL', text, given: true } } });
}

describe('where the backups are that are restored', () => {
  it('the own ones: where the policy says, also of a device that is not enabled', () => {
    expect(ownSource(device, settings)).toMatchObject(right({ uuid: own, target: { path: `//backups/${own}` } }));
  });

  it('also of the device that the orchestrator itself runs on, and with the volumes that are backed up', () => {
    const tagged = aDevice({ uuid: own, tags: tagsOf({ backupVolumes: 'data' }) });

    expect(ownSource(tagged, { ...settings, selfUuid: own })).toMatchObject(
      right({ volumes: { kind: 'named', names: ['data'] } }),
    );
  });

  it('on the device itself, where they are its own', () => {
    expect(ownSource(device, withUrl('file:///backups'))).toMatchObject(right({ target: { deviceLocal: true } }));
  });

  it('as fast as it can where nothing limits it or the backend knows no limit', () => {
    const limited = aDevice({ tags: tagsOf({ backupBandwidth: '500K' }) });

    expect(ownSource(device, settings)).toMatchObject(right({ target: { options: [] } }));
    expect(ownSource(limited, withUrl('sftp://h//b/$UUID'))).toMatchObject(right({ target: { options: [] } }));
    expect(ownSource(aDevice({ tags: tagsOf({ backupBandwidth: '1' }) }), settings)).toMatchObject(
      right({ target: { options: ['--rsync-options=--bwlimit=1'] } }),
    );
  });

  it('no faster than a backup may be', () => {
    const limited = aDevice({ tags: tagsOf({ backupBandwidth: '500K' }) });

    expect(ownSource(limited, settings)).toMatchObject(
      right({ target: { options: ['--rsync-options=--bwlimit=500'] } }),
    );
  });

  it('of a device that is gone: this device’s URL with the UUID of the other', () => {
    expect(otherSource(device, gone, null, settings)).toMatchObject(
      right({ uuid: gone, target: { path: `//backups/${gone}` } }),
    );
  });

  it('with a file prefix instead of a folder: the other’s prefix', () => {
    const shared = withUrl('rsync://root@192.0.2.1:54321//backups');

    expect(otherSource(device, gone, null, shared)).toMatchObject(right({ target: { filePrefix: `${gone}-` } }));
  });

  it('of a device that exists with a URL of its own: there', () => {
    const tags = tagsOf({ backupUrl: 'sftp://root@192.0.2.7//store/$UUID' });
    const other = aDevice({ uuid: gone, tags });

    expect(otherSource(device, gone, other, settings)).toMatchObject(
      right({ uuid: gone, target: { host: '192.0.2.7', path: `//store/${gone}` } }),
    );
  });

  it('of a device that exists without one, whatever its fleet says: this device’s URL', () => {
    const fleet = aFleet({ tags: tagsOf({ backupUrl: 'sftp://root@192.0.2.8//other/$UUID' }) });

    expect(otherSource(device, gone, aDevice({ uuid: gone, fleet }), settings)).toMatchObject(
      right({ target: { host: '192.0.2.1' } }),
    );
  });

  it('on the other device itself: refused', () => {
    expect(otherSource(device, gone, null, withUrl('file:///backups'))).toEqual(
      left({
        kind: 'unreachable',
        message: `The backups of ${gone} are on that device itself (file:///backups), where no other device can reach them`,
      }),
    );
  });

  it('a policy that cannot be read: refused', () => {
    const wrong = aDevice({ tags: tagsOf({ backupUrl: 'nowhere' }) });

    expect(ownSource(wrong, settings)).toEqual(
      left({
        kind: 'policy',
        message:
          "This is to be corrected first: the device's tag backupUrl: there is no URL in it; write for example rsync://root@HOST:54321//backups/$UUID",
      }),
    );
    expect(otherSource(wrong, gone, null, settings)).toMatchObject(left({ kind: 'policy' }));
  });
});
