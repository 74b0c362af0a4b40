import { TAGS, tagMistakes } from '../../src/model/tagmistakes';
import { tableWith } from '../support/docs';

function mistakes(...names: readonly string[]): unknown {
  return tagMistakes(new Map(names.map((name) => [name, 'x'])));
}

describe('a tag that looks like ours', () => {
  test.each([
    ['backupenabled', 'backupEnabled'],
    ['BackupUrl', 'backupUrl'],
    ['BACKUP_SCHEDULE', 'backupSchedule'],
    ['backup-volumes', 'backupVolumes'],
    ['backup.keep.full', 'backupKeepFull'],
  ])('%s can only mean %s', (tag, meant) => {
    expect(mistakes(tag)).toEqual([{ tag, meant, isCertain: true }]);
  });

  test.each([
    ['backupEnable', 'backupEnabled'],
    ['bakupUrl', 'backupUrl'],
    ['backupVolume', 'backupVolumes'],
    ['backupShedule', 'backupSchedule'],
  ])('%s probably means %s', (tag, meant) => {
    expect(mistakes(tag)).toEqual([{ tag, meant, isCertain: false }]);
  });

  test('is left alone where it is only near one that is there too', () => {
    expect(mistakes('backupVolume', 'backupVolumes')).toEqual([]);
    expect(mistakes('BackupUrl', 'backupUrl')).toHaveLength(1);
  });

  test.each(['backup', 'location', 'enabled', 'volumes', 'owner', '', 'backupStatus'])('is not %j', (tag) => {
    expect(mistakes(tag)).toEqual([]);
  });
});

test('our own tags are those of the README, and none of them is a mistake', () => {
  const documented = tableWith('README.md', '`backupEnabled`').map(([cell = '']) => cell.replaceAll('`', ''));

  expect([...TAGS].sort()).toEqual([...documented].sort());
  expect(mistakes(...TAGS)).toEqual([]);
});
