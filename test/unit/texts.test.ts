import { instantOf } from '../../src/model/brand';
import { effectText } from '../../src/model/effecttext';
import { describePolicy, policyLines } from '../../src/model/policytext';
import type { RestoreOrder } from '../../src/model/restoreorder';
import { planText } from '../../src/model/restoretext';
import type { Effect } from '../../src/model/run';
import { bytesText, count, durationText, localText } from '../../src/model/shown';
import type { Restored, Survey } from '../../src/model/survey';
import { aPolicy, aSchedule, aTarget, resolved } from '../support/desired';
import { aSnapshot, at } from '../support/facts';

const MIB = 1024 * 1024;

const aSurvey: Survey = {
  sets: ['20261120T000000Z', '20261124T115000Z'],
  snapshotAt: '20261124T115000Z',
  contents: [
    { name: 'data', entries: 12, bytes: 300 * MIB },
    { name: 'settings', entries: 2, bytes: null },
  ],
  volumes: ['data', 'logs'],
  special: [],
  otherDisk: [],
  services: [
    { name: 'web', volumes: ['data'], locked: false },
    { name: 'worker', volumes: ['data', 'logs'], locked: false },
    { name: 'cron', volumes: ['logs'], locked: false },
  ],
  freeBytes: 2000 * MIB,
  diskBytes: 4000 * MIB,
  undo: {
    at: '20261125T000000Z',
    snapshotAt: '20261120T000000Z',
    items: ['data', 'settings/a'],
    volumes: ['data', 'settings'],
    bytes: 2 * MIB,
  },
};

const restored: Restored = {
  kind: 'restore',
  snapshotAt: '20261124T115000Z',
  items: ['data', 'settings/a'],
  entries: 14,
  bytes: 2 * MIB,
  services: ['web', 'worker'],
  undo: 'kept',
};

describe('what a run has brought about', () => {
  const statistics = {
    sourceFiles: 1,
    sourceBytes: 3 * MIB,
    newFiles: 2,
    changedFiles: 3,
    deletedFiles: 4,
    storedBytes: MIB,
    errors: 0,
    durationMs: null,
  };

  it.each<{ effect: Effect; says: string }>([
    {
      effect: aSnapshot({ statistics }),
      says: 'Stored a full snapshot in 1 min: 1 file of 3.0 MiB (2 new, 3 changed, 4 deleted), 1.0 MiB stored',
    },
    {
      effect: aSnapshot({ mode: 'incremental' }),
      says: 'Stored an incremental snapshot in 1 min, 50 s of it at work: 3 files of 300 bytes (3 new, 0 changed, 0 deleted), 200 bytes stored',
    },
    { effect: { kind: 'executed', command: 'cleanup' }, says: 'Executed cleanup in 1 min' },
    {
      effect: { kind: 'surveyed', survey: aSurvey },
      says: 'Looked at what there is to restore in 1 min: 2 backups',
    },
    {
      effect: { kind: 'restored', restored },
      says: 'Restored data, settings/a from the backup of 2026-11-24T11:50:00Z in 1 min (14 files and folders, 2.0 MiB; started again: web, worker; what was there before is kept as an undo copy)',
    },
    {
      effect: { kind: 'restored', restored: { ...restored, services: [], undo: 'no-room' } },
      says: 'Restored data, settings/a from the backup of 2026-11-24T11:50:00Z in 1 min (14 files and folders, 2.0 MiB; what was there before is gone: there was no room for an undo copy)',
    },
    {
      effect: { kind: 'restored', restored: { ...restored, kind: 'in-place', services: [], undo: 'none' } },
      says: 'Restored data, settings/a from the backup of 2026-11-24T11:50:00Z in 1 min (14 files and folders, 2.0 MiB; there is no undo copy)',
    },
    {
      effect: { kind: 'restored', restored: { ...restored, kind: 'undo' } },
      says: 'Took the restore of 2026-11-24T11:50:00Z back for data, settings/a in 1 min; started again: web, worker',
    },
    {
      effect: { kind: 'restored', restored: { ...restored, kind: 'undo', services: [] } },
      says: 'Took the restore of 2026-11-24T11:50:00Z back for data, settings/a in 1 min',
    },
  ])('$says', ({ effect, says }) => {
    expect(effectText(effect, 60_000)).toBe(says);
  });
});

describe('a policy in words', () => {
  const tag = { kind: 'device-tag', tag: 'backupVolumes' } as const;

  it('is one sentence with where its parts come from', () => {
    const policy = aPolicy({
      target: resolved(aTarget({ shown: 'rsync://collector//b' })),
      volumes: resolved({ kind: 'named', names: ['data', 'conf'] }, tag),
      schedule: resolved(aSchedule({ text: '@daily', timezone: 'Europe/Berlin' })),
    });

    expect(describePolicy(policy)).toBe(
      'volumes data, conf (the device\'s tag backupVolumes) to rsync://collector//b (the default of BACKUP_VARIABLE) at "@daily" Europe/Berlin (the default of BACKUP_VARIABLE)',
    );
  });

  it('is every field with its value and no value of an option', () => {
    const target = aTarget({
      shown: 'rsync://collector//b',
      filePrefix: 'mine-',
      options: ['--timeout=sesame', '--ftp-passive', '--file-prefix=mine-'],
    });
    const policy = aPolicy({
      target: resolved(target),
      volumes: resolved({ kind: 'named', names: ['data'] }, tag),
      keepFull: resolved(3),
      bandwidth: resolved(512_000),
      request: resolved('now-1'),
      address: resolved('10.0.0.1'),
    });

    expect(policyLines(policy).map(({ field, value }) => `${field}: ${value}`)).toEqual([
      'target: rsync://collector//b, files begin with mine-, with --timeout --ftp-passive',
      'volumes: volume data',
      'schedule: 0 0 * * *',
      'timezone: UTC',
      'full every: 30D',
      'keep full: 3',
      'bandwidth: 500 KiB/s',
      'request: now-1',
      'address: 10.0.0.1',
    ]);
    expect(policyLines(policy)[1]?.origin).toBe(tag);
  });

  it('says what is not limited, and nothing of what is not there', () => {
    expect(policyLines(aPolicy()).map(({ field, value }) => `${field}: ${value}`)).toEqual([
      `target: ${aTarget().shown}`,
      'volumes: all volumes',
      'schedule: 0 0 * * *',
      'timezone: UTC',
      'full every: 30D',
      'keep full: all',
      'bandwidth: no limit',
    ]);
  });
});

describe('the plan of a restore in words', () => {
  const scene = { device: 'kitchen', from: 'rsync://host/x', survey: aSurvey };
  const order = {
    kind: 'restore',
    snapshotAt: '20261124T115000Z',
    items: [
      { volume: 'data', path: null, member: 'data' },
      { volume: 'settings', path: null, member: 'settings' },
    ],
    dropsUndo: true,
    roomBytes: MIB,
  } as const satisfies RestoreOrder;
  const notKept =
    '  not kept  hard links become copies and sparse files whole ones; extended attributes, ACLs and sockets are not in a backup';

  it('of whole volumes', () => {
    expect(planText(order, scene)).toEqual([
      'Restore of kitchen',
      '  from      rsync://host/x, backup of 2026-11-24T11:50:00Z (the latest)',
      '  what      data: 12 files and folders, about 300 MiB',
      '  what      settings: 2 files and folders, of a size that is not known; the volume is not on the device yet and is made',
      '  not       logs: left as it is',
      '  services  web, worker stopped only while contents are exchanged, one volume after the other, then started again',
      '  room      an unknown amount beside what is there; 2.0 GiB of 3.9 GiB are free; the undo copy of the last restore is dropped for it',
      '  then      whatever else is in these volumes now is gone from there; it is kept as an undo copy where there is room',
      notKept,
    ]);
  });

  it('of a path, from an earlier backup', () => {
    const items = [{ volume: 'data', path: 'conf', member: 'data' }];

    expect(planText({ ...order, items, dropsUndo: false, snapshotAt: '20261120T000000Z' }, scene)).toEqual([
      'Restore of kitchen',
      '  from      rsync://host/x, backup of 2026-11-20T00:00:00Z',
      '  what      data/conf: 12 files and folders, about 300 MiB',
      '  services  web, worker stopped only while contents are exchanged, one volume after the other, then started again',
      '  room      about 300 MiB beside what is there; 2.0 GiB of 3.9 GiB are free',
      '  then      whatever else is there now is gone from there; it is kept as an undo copy where there is room',
      notKept,
    ]);
  });

  it('in place, of all that there is', () => {
    const survey = { ...aSurvey, volumes: ['data', 'settings'], services: [] };

    expect(planText({ ...order, kind: 'in-place' }, { ...scene, survey }).slice(3)).toEqual([
      '  what      settings: 2 files and folders, of a size that is not known',
      '  services  none runs that uses them',
      '  room      2.0 GiB of 3.9 GiB are free',
      '  then      files of the backup overwrite those that are there, others stay; cut off, the volumes hold a mixture, and there is no undo',
      notKept,
    ]);
    expect(planText({ ...order, kind: 'in-place' }, scene)[5]).toBe(
      '  services  web, worker stopped for the whole time, then started again',
    );
  });

  it('of an undo', () => {
    expect(planText({ kind: 'undo' }, scene)).toEqual([
      'Undo of the restore of kitchen',
      '  from      the undo copy of 2026-11-25T00:00:00Z: what was there before the backup of 2026-11-20T00:00:00Z was restored',
      '  what      data, settings/a: 2.0 MiB',
      '  services  web, worker stopped only while contents are exchanged, one volume after the other, then started again',
      '  then      what is there now becomes the undo copy, so another --undo takes this one back',
    ]);
    expect(planText({ kind: 'undo' }, { ...scene, survey: { ...aSurvey, undo: null } })).toEqual([]);
  });
});

describe('numbers in words', () => {
  it.each([
    { text: durationText(0.4), is: '0 ms' },
    { text: durationText(-5), is: '0 ms' },
    { text: durationText(59_999), is: '59 s' },
    { text: durationText(3_660_000), is: '1 h 1 min' },
    { text: durationText(60_000), is: '1 min' },
    { text: bytesText(1024), is: '1.0 KiB' },
    { text: bytesText(10 * 1024), is: '10 KiB' },
    { text: bytesText(10 * 1024 - 1), is: '10.0 KiB' },
    { text: bytesText(1024 ** 4), is: '1.0 TiB' },
    { text: bytesText(3000 * 1024 ** 5), is: '3000 PiB' },
    { text: count(1, 'file'), is: '1 file' },
    { text: count(0, 'file'), is: '0 files' },
    { text: localText(at('2026-11-26T02:00:09Z'), 'Europe/Berlin'), is: 'Thu 2026-11-26 03:00:09 GMT+1' },
    { text: localText(instantOf(0), 'UTC'), is: 'Thu 1970-01-01 00:00:00 GMT+0' },
  ])('$is', ({ text, is }) => {
    expect(text).toBe(is);
  });
});
