import { collectorFolderOf } from '../../src/store/collectorfiles';
import { parseTarget } from '../../src/model/target';
import { isLeft } from 'fp-ts/Either';
import { aUuid } from '../support/desired';

const uuid = aUuid(1);

function pathAt(url: string): string | null {
  const context = { uuid, environment: new Map<string, string>(), allowed: null, trusted: true, home: null };
  const target = parseTarget(url, context);
  if (isLeft(target)) throw new Error(target.left.join('; '));
  return collectorFolderOf(target.right, uuid)?.path ?? null;
}

describe("where a device's snapshots are at the collector", () => {
  test.each([
    { url: 'rsync://root@h:54321//backups/$UUID', below: '' },
    { url: 'rsync://root@h:54321//backups/$UUID/', below: '' },
    { url: 'sftp://root@h:54321//backups/$UUID', below: '' },
    { url: 'rsync://root@h:54321//backups/$UUID/daily//a', below: '/daily/a' },
    { url: 'sftp://root@h:54321//backups/$UUID/daily', below: '/daily' },
    { url: 'sftp://root@h:54321//backups/$UUID/d%61ily', below: '/daily' },
    { url: 'rsync://root@h:54321//backups', below: '' },
    { url: 'rsync://root@h:54321//backups/daily', below: '/daily' },
    { url: 'rsync://root@h:54321//', below: '' },
    { url: 'rsync://root@h:54321//daily', below: '/daily' },
    { url: 'rsync://root@h:54321/daily', below: '/daily' },
    { url: 'sftp://root@h:54321/daily', below: '/daily' },
    { url: 'rsync://root@h:54321/backups/$UUID', below: `/backups/${uuid}` },
  ])('is the folder that the collector takes from the URL: $url', ({ url, below }) => {
    expect(pathAt(url)).toBe(`/backups/${uuid}${below}`);
  });

  test('is at the port of the URL', () => {
    const target = { host: 'h', port: null, path: `//backups/${uuid}` };
    expect(collectorFolderOf(target, uuid)).toEqual({ host: 'h', port: 22, path: `/backups/${uuid}` });
    expect(collectorFolderOf({ ...target, port: 54_321 }, uuid)?.port).toBe(54_321);
    expect(collectorFolderOf({ ...target, host: null }, uuid)).toBeNull();
  });
});
