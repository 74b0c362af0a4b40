import { isLeft, isRight, left, right } from 'fp-ts/Either';
import { parseRestoreCall } from '../../src/commands/restorecall';
import { instantOf } from '../../src/model/brand';
import type { RestoreItem } from '../../src/model/restoreorder';
import { askedTime, planRestore, type RestoreWish, sizeOf } from '../../src/model/restoreplan';
import { planText } from '../../src/model/restoretext';
import { parseRestoreTime } from '../../src/model/restoretime';
import { parseSetTime, setTimeOf } from '../../src/model/sets';
import type { Survey } from '../../src/model/survey';

const MIB = 1024 * 1024;
const now = instantOf(Date.UTC(2026, 10, 26, 12, 0, 0));

function aSurvey(over: Partial<Survey> = {}): Survey {
  return {
    sets: ['20261120T000000Z', '20261124T115000Z'],
    snapshotAt: '20261124T115000Z',
    contents: [
      { name: 'data', entries: 12, bytes: 300 * MIB },
      { name: 'settings', entries: 2, bytes: 10 },
    ],
    volumes: ['data', 'logs', 'settings'],
    special: [],
    otherDisk: [],
    services: [
      { name: 'web', volumes: ['data'], locked: false },
      { name: 'cron', volumes: ['logs'], locked: false },
    ],
    freeBytes: 2000 * MIB,
    diskBytes: 4000 * MIB,
    undo: null,
    ...over,
  };
}

function aWish(over: Partial<RestoreWish> = {}): RestoreWish {
  return { at: null, volumes: { kind: 'all' }, path: null, isInPlace: false, ...over };
}

/** Sets of so many days, at midnight. */
function days(count: number): readonly string[] {
  return Array.from({ length: count }, (_, n) => `202611${String(n + 1).padStart(2, '0')}T000000Z`);
}

describe('the plan of a restore', () => {
  it('has every volume of the snapshot, and keeps room for the device', () => {
    expect(planRestore(aWish(), aSurvey())).toEqual(
      right({
        kind: 'restore',
        snapshotAt: '20261124T115000Z',
        items: [
          { volume: 'data', path: null, member: 'data' },
          { volume: 'settings', path: null, member: 'settings' },
        ],
        dropsUndo: false,
        roomBytes: 80 * MIB,
      }),
    );
  });

  it('takes one path, also from a snapshot that has volumes under the engine’s names', () => {
    const survey = aSurvey({
      contents: [
        { name: '12_data', entries: 3, bytes: 1 },
        { name: '12_data/conf/a', entries: 1, bytes: 1 },
      ],
    });
    const planned = planRestore(aWish({ path: { volume: 'data', below: 'conf/a' } }), survey);

    expect(planned).toMatchObject(right({ items: [{ volume: 'data', path: 'conf/a', member: '12_data/conf/a' }] }));
  });

  it('takes whole volumes from a snapshot that has them under the engine’s names, and no other name for one of these', () => {
    const survey = aSurvey({
      contents: [
        { name: '12_data', entries: 3, bytes: 1 },
        { name: 'v12_logs', entries: 1, bytes: 1 },
      ],
    });
    const items = [
      { volume: 'data', path: null, member: '12_data' },
      { volume: 'v12_logs', path: null, member: 'v12_logs' },
    ];

    expect(planRestore(aWish(), survey)).toMatchObject(right({ items }));
    expect(planRestore(aWish({ volumes: { kind: 'named', names: ['data'] } }), survey)).toMatchObject(
      right({ items: items.slice(0, 1) }),
    );
  });

  it('drops the former undo copy where only that makes room', () => {
    const undo = { at: '20261125T000000Z', snapshotAt: '20261120T000000Z', items: [], volumes: [], bytes: 400 * MIB };
    const tight = { freeBytes: 100 * MIB };

    expect(planRestore(aWish(), aSurvey({ ...tight, undo }))).toMatchObject(right({ dropsUndo: true }));
    expect(isLeft(planRestore(aWish(), aSurvey(tight)))).toBe(true);
  });

  it('takes a whole volume by its path, and only the volumes that are named', () => {
    const planned = (wish: Partial<RestoreWish>): unknown => planRestore(aWish(wish), aSurvey());

    expect(planned({ path: { volume: 'settings', below: null } })).toMatchObject(
      right({ items: [{ volume: 'settings', path: null, member: 'settings' }] }),
    );
    expect(planned({ volumes: { kind: 'named', names: ['settings'] } })).toMatchObject(
      right({ items: [{ volume: 'settings', path: null, member: 'settings' }] }),
    );
  });

  it('does not mind a lock, a driver or a disk of what it leaves alone', () => {
    const survey = aSurvey({
      special: ['logs'],
      otherDisk: ['logs'],
      services: [
        { name: 'web', volumes: ['data'], locked: false },
        { name: 'cron', volumes: ['logs'], locked: true },
      ],
    });

    expect(planRestore(aWish(), survey)).toMatchObject(right({ kind: 'restore' }));
  });

  it('fits where there is just the room that it needs, and not with a byte less', () => {
    const free = 300 * MIB + 10 + 80 * MIB;
    const undo = { at: '', snapshotAt: '', items: [], volumes: [], bytes: 5 };

    expect(planRestore(aWish(), aSurvey({ freeBytes: free, undo }))).toMatchObject(right({ dropsUndo: false }));
    expect(planRestore(aWish(), aSurvey({ freeBytes: free - 5, undo }))).toMatchObject(right({ dropsUndo: true }));
    expect(isLeft(planRestore(aWish(), aSurvey({ freeBytes: free - 6, undo })))).toBe(true);
  });

  it('keeps at least 50 MiB on a small disk, and takes a size that is not known for nothing', () => {
    const contents = [{ name: 'data', entries: 1, bytes: null }];

    expect(planRestore(aWish(), aSurvey({ contents, diskBytes: 1, freeBytes: 50 * MIB }))).toMatchObject(
      right({ roomBytes: 50 * MIB }),
    );
  });

  it('knows the size of what it restores, where the survey could tell it', () => {
    const survey = aSurvey({ contents: [...aSurvey().contents, { name: 'odd', entries: 1, bytes: null }] });
    const item = (member: string): RestoreItem => ({ volume: member, path: null, member });

    expect(sizeOf([item('data'), item('settings')], survey)).toEqual({ entries: 14, bytes: 300 * MIB + 10 });
    expect(sizeOf([item('data'), item('odd')], survey)).toEqual({ entries: 13, bytes: null });
    expect(sizeOf([item('gone')], survey)).toEqual({ entries: 0, bytes: null });
  });

  it('asks for the time that is wished, as Duplicity names it', () => {
    expect(askedTime({ at: instantOf(Date.UTC(2026, 10, 24, 11, 50)) })).toBe('20261124T115000Z');
    expect(askedTime({ at: null })).toBeNull();
  });

  it.each<{ name: string; wish?: Partial<RestoreWish>; survey?: Partial<Survey>; says: RegExp }>([
    { name: 'nothing at the target', survey: { sets: [], snapshotAt: null }, says: /no whole backup at the target/ },
    {
      name: 'nothing that early: what there is is listed',
      wish: { at: instantOf(0) },
      survey: { snapshotAt: null },
      says: /at or before 1970-01-01T00:00:00Z. There are: 2026-11-20T00:00:00Z, 2026-11-24T11:50:00Z/,
    },
    {
      name: 'a volume that is not in it',
      wish: { volumes: { kind: 'named', names: ['data', 'logs'] } },
      says: /has no volume logs; it has data, settings/,
    },
    {
      name: 'nothing that early among very many: the first and the last are listed',
      wish: { at: instantOf(0) },
      survey: { snapshotAt: null, sets: days(15) },
      says: /There are: 2026-11-01T00:00:00Z, .*, 2026-11-12T00:00:00Z and 3 later ones up to 2026-11-15T00:00:00Z\. Write/,
    },
    {
      name: 'nothing that early among as many as can be listed',
      survey: { snapshotAt: null, sets: days(12) },
      says: /^There is no backup\. There are: 2026-11-01T00:00:00Z, .*, 2026-11-12T00:00:00Z\. Write one of these with --at$/,
    },
    {
      name: 'a backup without any volume',
      survey: { contents: [{ name: 'data/conf', entries: 1, bytes: 1 }] },
      says: /^The backup of 2026-11-24T11:50:00Z has no volume\. Name another time with --at$/,
    },
    {
      name: 'a volume of a backup without any',
      wish: { volumes: { kind: 'named', names: ['logs', 'data'] } },
      survey: { contents: [] },
      says: /^The backup of 2026-11-24T11:50:00Z has no volume logs, data; it has none\. Name some/,
    },
    {
      name: 'a whole volume by its path that is not in it',
      wish: { path: { volume: 'logs', below: null } },
      says: /^The backup of 2026-11-24T11:50:00Z has no "logs"\. See what is in it with "list"/,
    },
    {
      name: 'a path below a volume that is not in it',
      wish: { path: { volume: 'logs', below: 'a' } },
      says: /has no "logs\/a"/,
    },
    {
      name: 'no room in place, where only space helps',
      wish: { isInPlace: true },
      survey: { freeBytes: 10 },
      says: /80 MiB are kept for the device\. Free some space on the device$/,
    },
    { name: 'a path that is not in it', wish: { path: { volume: 'data', below: 'x' } }, says: /has no "data\/x"/ },
    {
      name: 'a service that asks not to be stopped',
      survey: { services: [{ name: 'web', volumes: ['data'], locked: true }] },
      says: /web holds its update lock/,
    },
    {
      name: 'services of which each uses more than what is restored',
      survey: {
        services: [
          { name: 'web', volumes: ['data', 'logs'], locked: true },
          { name: 'cron', volumes: ['logs', 'settings'], locked: true },
        ],
      },
      says: /^The service web, cron holds its update lock/,
    },
    {
      name: 'volumes on a file server and on another disk',
      survey: { special: ['data', 'settings'], otherDisk: ['data'] },
      says: /^The volume data, settings has a driver or options of its own/,
    },
    {
      name: 'volumes on other disks',
      survey: { otherDisk: ['data', 'settings'] },
      says: /^The volume data, settings lies on another disk/,
    },
    { name: 'a volume on a file server', survey: { special: ['data'] }, says: /driver or options of its own/ },
    { name: 'a volume on another disk', survey: { otherDisk: ['data'] }, says: /another disk.*--in-place/ },
    {
      name: 'no room: the numbers, and the way out',
      survey: { freeBytes: 200 * MIB },
      says: /200 MiB are free; the restore needs about 300 MiB .*80 MiB are kept.*--in-place/,
    },
    {
      name: 'a path in place',
      wish: { isInPlace: true, path: { volume: 'data', below: null } },
      says: /never in place/,
    },
  ])('is refused for $name', ({ wish = {}, survey = {}, says }) => {
    const planned = planRestore(aWish(wish), aSurvey(survey));

    expect(isLeft(planned) ? planned.left : 'planned').toMatch(says);
  });

  it('asks no room for what is written in place, and does not mind another disk there', () => {
    const survey = aSurvey({ freeBytes: 100 * MIB, otherDisk: ['data'] });

    expect(planRestore(aWish({ isInPlace: true }), survey)).toMatchObject(right({ kind: 'in-place' }));
  });

  it('is shown with what stops, what is left alone and what becomes of the old', () => {
    const survey = aSurvey({ volumes: ['data', 'logs'] });
    const order = planRestore(aWish(), survey);
    const lines = isRight(order) ? planText(order.right, { device: 'kitchen', from: 'rsync://host/x', survey }) : [];

    expect(lines.join('\n')).toMatch(
      /Restore of kitchen\n +from +rsync:\/\/host\/x, backup of 2026-11-24T11:50:00Z \(the latest\)\n.*data: 12 files and folders, about 300 MiB\n.*settings: .*not on the device yet.*\n +not +logs: left as it is\n +services +web stopped only while/,
    );
  });
});

describe('a time to restore to', () => {
  it.each([
    { text: 'now', at: '2026-11-26T12:00:00.000Z' },
    { text: '3D', at: '2026-11-23T12:00:00.000Z' },
    { text: '1W2h', at: '2026-11-19T10:00:00.000Z' },
    { text: '2026-11-24', at: '2026-11-24T00:00:00.000Z' },
    { text: '2026/1/4', at: '2026-01-04T00:00:00.000Z' },
    { text: '11-24-2026', at: '2026-11-24T00:00:00.000Z' },
    { text: '2026-11-24T11:50:00Z', at: '2026-11-24T11:50:00.000Z' },
    { text: '2026-11-24T11:50', at: '2026-11-24T11:50:00.000Z' },
    { text: '2026-11-24T11:50:00+02:00', at: '2026-11-24T09:50:00.000Z' },
    { text: '20261124T115000Z', at: '2026-11-24T11:50:00.000Z' },
    { text: '2026-11-24T11:50:00.5Z', at: '2026-11-24T11:50:00.500Z' },
    { text: '2026-11-24T00:30:00+0200', at: '2026-11-23T22:30:00.000Z' },
    { text: '2026-11-30T23:30:00-02:00', at: '2026-12-01T01:30:00.000Z' },
    { text: '1-2-2026', at: '2026-01-02T00:00:00.000Z' },
    { text: '2024-02-29', at: '2024-02-29T00:00:00.000Z' },
    { text: '2024-02-29T00:00:00Z', at: '2024-02-29T00:00:00.000Z' },
    { text: '12345678', at: '1970-05-23T21:21:18.000Z' },
    { text: '1700000000', at: '2023-11-14T22:13:20.000Z' },
  ])('$text is $at', ({ text, at }) => {
    const parsed = parseRestoreTime(text, now);

    expect(isRight(parsed) ? new Date(parsed.right).toISOString() : parsed.left).toBe(at);
  });

  it.each([
    ...['', 'yesterday', '3d', 'never', 'now ', '1700000'],
    // Days and hours that are none: another day would be restored than the one that was typed.
    ...['2026-02-30', '2026-13-01', '2026-00-10', '2026-11-00', '31-11-2026', 'x2026-11-24', '2026-11-24x'],
    ...['2026-13-01T00:00:00Z', '2026-02-30T00:00:00Z', '2026-11-31T23:00:00+02:00', '2026-11-24T25:00:00Z'],
    ...['20260230T000000Z', '20261301T000000Z', '20261124T240000Z', 'x20261124T115000Z', '20261124T115000Zx'],
    ...['2026-11-24T11:50:00ZZ', '12026-11-24T11:50:00Z', '2026-11-24T11', '2026-11-24T11:50:00+2'],
  ])('%j is none', (text) => {
    expect(parseRestoreTime(text, now)).toEqual(
      left(
        `${JSON.stringify(text)} is not a time; write for example 2026-11-24T11:50:00Z, 2026-11-24, or 3D for three days ago`,
      ),
    );
  });

  it('is written as Duplicity names sets, and read back', () => {
    expect(parseSetTime(setTimeOf(now))).toBe(now);
    expect(parseSetTime('20261124T1150Z')).toBeNull();
  });
});

describe('what is typed behind restore', () => {
  const call = (values: Readonly<Record<string, string>>, ...flags: readonly string[]): unknown =>
    parseRestoreCall(
      { words: ['3fa7c01'], flags: new Set(flags), output: 'text', values: new Map(Object.entries(values)) },
      now,
    );

  it('is read with all its options', () => {
    const uuid = 'ab'.repeat(16);
    expect(call({ from: uuid, path: 'data//conf/./a', at: 'now' }, 'yes')).toMatchObject(
      right({ from: uuid, path: { volume: 'data', below: 'conf/a' }, at: now, saysYes: true, isUndo: false }),
    );
  });

  it.each([
    { name: 'a way up', values: { path: 'data/../other' }, flags: [] },
    { name: 'a way from the root', values: { path: '/' }, flags: [] },
    { name: 'a line break', values: { path: 'data/a\nb' }, flags: [] },
    { name: 'an undo of a part', values: { volumes: 'data' }, flags: ['undo'] },
    { name: 'a path and volumes', values: { volumes: 'data', path: 'data' }, flags: [] },
  ])('is refused with $name', ({ values, flags }) => {
    expect(call(values, ...flags)).toEqual(left(expect.any(String)));
  });
});
