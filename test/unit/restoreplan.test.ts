import { isLeft, isRight, left, right } from 'fp-ts/Either';
import { parseRestoreCall } from '../../src/commands/restorecall';
import { instantOf } from '../../src/model/brand';
import { planRestore, type RestoreWish } from '../../src/model/restoreplan';
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

  it('drops the former undo copy where only that makes room', () => {
    const undo = { at: '20261125T000000Z', snapshotAt: '20261120T000000Z', items: [], volumes: [], bytes: 400 * MIB };
    const tight = { freeBytes: 100 * MIB };

    expect(planRestore(aWish(), aSurvey({ ...tight, undo }))).toMatchObject(right({ dropsUndo: true }));
    expect(isLeft(planRestore(aWish(), aSurvey(tight)))).toBe(true);
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
    { name: 'a path that is not in it', wish: { path: { volume: 'data', below: 'x' } }, says: /has no "data\/x"/ },
    {
      name: 'a service that asks not to be stopped',
      survey: { services: [{ name: 'web', volumes: ['data'], locked: true }] },
      says: /web holds its update lock/,
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
    { text: '1700000000', at: '2023-11-14T22:13:20.000Z' },
  ])('$text is $at', ({ text, at }) => {
    const parsed = parseRestoreTime(text, now);

    expect(isRight(parsed) ? new Date(parsed.right).toISOString() : parsed.left).toBe(at);
  });

  it.each(['', 'yesterday', '3d', '2026-02-30', '2026-13-01T00:00:00Z', 'never'])('%j is none', (text) => {
    expect(isLeft(parseRestoreTime(text, now))).toBe(true);
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
    expect(call({ from: uuid.toUpperCase(), path: 'data//conf/./a', at: 'now' }, 'yes')).toMatchObject(
      right({ from: uuid, path: { volume: 'data', below: 'conf/a' }, at: now, saysYes: true, isUndo: false }),
    );
  });

  it.each([
    { name: 'a way up', values: { path: 'data/../other' }, flags: [] },
    { name: 'a way from the root', values: { path: '/' }, flags: [] },
    { name: 'a line break', values: { path: 'data/a\nb' }, flags: [] },
    { name: 'a short UUID, which may be another by now', values: { from: '3fa7c01' }, flags: [] },
    { name: 'an undo of a part', values: { volumes: 'data' }, flags: ['undo'] },
    { name: 'a path and volumes', values: { volumes: 'data', path: 'data' }, flags: [] },
  ])('is refused with $name', ({ values, flags }) => {
    expect(call(values, ...flags)).toEqual(left(expect.any(String)));
  });
});
