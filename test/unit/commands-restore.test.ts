import { right } from 'fp-ts/Either';
import { restore, type RestoreTools } from '../../src/commands/restore';
import type { Action } from '../../src/model/action';
import { deviceUuidOf, instantOf } from '../../src/model/brand';
import type { Failure } from '../../src/model/failure';
import type { Outcome, RunRecord } from '../../src/model/run';
import type { Restored, Survey } from '../../src/model/survey';
import { aDevice, aTarget, aUuid } from '../support/desired';
import { aRun } from '../support/facts';

const now = instantOf(Date.UTC(2026, 10, 26));
const device = aDevice();
const survey: Survey = {
  sets: ['20261124T115000Z'],
  snapshotAt: '20261124T115000Z',
  contents: [
    { name: 'data', entries: 12, bytes: 300 },
    { name: 'extra', entries: 1, bytes: 0 },
  ],
  volumes: ['data'],
  special: [],
  otherDisk: [],
  services: [{ name: 'web', volumes: ['data'], locked: false }],
  freeBytes: 1e10,
  diskBytes: 1e11,
  undo: null,
};
const done: Restored = {
  kind: 'restore',
  snapshotAt: '20261124T115000Z',
  items: ['data'],
  entries: 12,
  bytes: 300,
  services: ['web'],
  undo: 'kept',
};

interface World {
  readonly survey?: Outcome;
  readonly restore?: Outcome;
  readonly answer?: string | null;
  readonly assumesYes?: boolean;
  readonly left?: RunRecord;
  /** How often the device turns out to have another's run by now. */
  readonly othersFirst?: number;
}

interface Played {
  readonly code: number;
  readonly text: string;
  readonly started: readonly Action[];
  readonly adopted: readonly RunRecord[];
  readonly froms: readonly (string | null)[];
}

const surveyed: Outcome = { kind: 'succeeded', effect: { kind: 'surveyed', survey }, tail: [], warnings: [] };
const restored: Outcome = { kind: 'succeeded', effect: { kind: 'restored', restored: done }, tail: [], warnings: [] };

function failed(failure: Failure): Outcome {
  return { kind: 'failed', failure, tail: [] };
}

/** What a person gets for these words, in a world where runs end like this. */
async function typed(words: readonly string[], world: World = {}): Promise<Played> {
  const lines: string[] = [];
  const started: Action[] = [];
  const adopted: RunRecord[] = [];
  const froms: (string | null)[] = [];
  const { answer } = world;
  let isLeft = false;
  const runOf = (outcome: Outcome): RunRecord =>
    aRun({ device: device.uuid, endedAt: now, outcome: outcome.kind === 'detached' ? null : outcome });
  const tools: RestoreTools = {
    terminal: {
      say: (line) => lines.push(line),
      hand: (value) => lines.push(value),
      complain: (line) => lines.push(line),
      columns: null,
      canAsk: answer !== undefined,
      ask: () => Promise.resolve(answer ?? null),
      progress: () => undefined,
    },
    find: () => Promise.resolve(right([device])),
    activeRunOf: () => world.left ?? null,
    runs: {
      start: (action) => {
        started.push(action);
        if (isLeft) throw new Error('nothing can be started any more');
        if (started.length <= (world.othersFirst ?? 0)) return Promise.resolve(null);
        return Promise.resolve(
          runOf(action.kind === 'survey' ? (world.survey ?? surveyed) : (world.restore ?? restored)),
        );
      },
      adopt: (run) => {
        adopted.push(run);
        return Promise.resolve(runOf(restored));
      },
      leave: () => {
        isLeft = true;
      },
      cancel: () => undefined,
    },
    onInterrupt: () => () => undefined,
    pause: () => Promise.resolve(),
    now: () => now,
    assumesYes: world.assumesYes ?? false,
    sourceOf: (_device, from) => {
      froms.push(from);
      const volumes = { kind: 'named', names: ['data'] } as const;
      return Promise.resolve(right({ uuid: deviceUuidOf(from ?? device.uuid), target: aTarget(), volumes }));
    },
  };
  const flags = words.filter((word) => word.startsWith('--') && !word.includes('='));
  const values = words
    .filter((word) => word.includes('='))
    .map((word) => [word.slice(2, word.indexOf('=')), word.slice(word.indexOf('=') + 1)] as const);
  const call = {
    words: [device.uuid],
    flags: new Set(flags.map((flag) => flag.slice(2))),
    values: new Map(values),
    output: 'text' as const,
  };
  return { code: await restore(call, tools), text: lines.join('\n'), started, adopted, froms };
}

describe('restore by hand', () => {
  it.each<{ name: string; words: readonly string[]; world: World; code: number; runs: readonly string[] }>([
    { name: '--yes', words: ['--yes'], world: {}, code: 0, runs: ['survey', 'restore'] },
    { name: 'BACKUP_ASSUME_YES', words: [], world: { assumesYes: true }, code: 0, runs: ['survey', 'restore'] },
    { name: 'a person who says yes', words: [], world: { answer: 'y' }, code: 0, runs: ['survey', 'restore'] },
    { name: 'a person who says nothing', words: [], world: { answer: '' }, code: 5, runs: ['survey'] },
    { name: 'a person who presses Ctrl-D', words: [], world: { answer: null }, code: 5, runs: ['survey'] },
    { name: 'nobody to ask', words: [], world: {}, code: 5, runs: ['survey'] },
    { name: 'a dry run, whatever else', words: ['--dry-run', '--yes'], world: {}, code: 0, runs: ['survey'] },
  ])('with $name: exit code $code, after the plan', async ({ words, world, code, runs }) => {
    const played = await typed(words, world);

    expect(played.code).toBe(code);
    expect(played.started.map(({ kind }) => kind)).toEqual(runs);
    expect(played.text).toMatch(/Restore of .*\n.*backup of 2026-11-24T11:50:00Z \(the latest\)\n +what +data: 12/);
  });

  it('restores what the policy backs up, and all that another device had backed up', async () => {
    const own = await typed(['--yes']);
    const other = await typed(['--yes', `--from=${aUuid(9)}`]);

    expect(own.started.at(-1)).toMatchObject({ source: device.uuid, order: { items: [{ volume: 'data' }] } });
    expect(other.froms).toEqual([aUuid(9)]);
    expect(other.started.at(-1)).toMatchObject({
      source: aUuid(9),
      device: { uuid: device.uuid },
      order: { items: [{ volume: 'data' }, { volume: 'extra' }] },
    });
  });

  it.each([
    { words: ['--volumes=1234_data,extra'], member: null, items: ['data', 'extra'] },
    { words: ['--path=1234_data'], member: 'data', items: ['data'] },
  ])(
    'takes volumes with the number of the fleet before them, as everywhere: $words',
    async ({ words, member, items }) => {
      const played = await typed(['--yes', ...words]);

      expect(played.started).toMatchObject([
        { question: { member } },
        { order: { items: items.map((volume) => ({ volume, path: null })) } },
      ]);
    },
  );

  it.each<{ name: string; words: readonly string[]; world: World; code: number; says: RegExp }>([
    {
      name: 'a survey that fails',
      words: ['--yes'],
      world: { survey: failed({ kind: 'store-unavailable', detail: 'down' }) },
      code: 1,
      says: /Nothing was restored\. The target could not be used/,
    },
    {
      name: 'a device that does not answer in time',
      words: ['--yes'],
      world: { survey: failed({ kind: 'timed-out', phase: 'connecting to host', limitMs: 15_000 }) },
      code: 3,
      says: /connecting to host took longer than/,
    },
    {
      name: 'a limit of the run itself',
      words: ['--yes'],
      world: { restore: failed({ kind: 'timed-out', phase: 'a run without progress', limitMs: 60_000 }) },
      code: 1,
      says: /The run made no progress/,
    },
    {
      name: 'a link that is lost in the survey',
      words: ['--yes'],
      world: { survey: { kind: 'detached', reason: 'link-lost' } },
      code: 3,
      says: /Nothing was changed/,
    },
    {
      name: 'a link that is lost in the restore',
      words: ['--yes'],
      world: { restore: { kind: 'detached', reason: 'link-lost' } },
      code: 3,
      says: /It goes on, on the device/,
    },
    { name: 'no undo copy', words: ['--undo', '--yes'], world: {}, code: 5, says: /there is no undo copy/ },
    {
      name: 'a device that refuses at the last moment',
      words: ['--yes'],
      world: { restore: failed({ kind: 'restore-refused', detail: 'it is locked' }) },
      code: 5,
      says: /it is locked.*The volumes of the device are as they were/,
    },
    {
      name: 'an overlay that was cut off',
      words: ['--yes', '--in-place'],
      world: { restore: failed({ kind: 'restore-failed', state: 'mixture', volumes: ['data'], detail: '' }) },
      code: 1,
      says: /data holds a mixture[^]*$/,
    },
    { name: 'a time that is none', words: ['--at=soon'], world: {}, code: 2, says: /"soon" is not a time/ },
  ])('says for $name what is so, and ends with $code', async ({ words, world, code, says }) => {
    const played = await typed(words, world);

    expect(played.text).toMatch(says);
    expect(played.code).toBe(code);
  });

  it('never says of a mixture that the volumes are as they were', async () => {
    const mixture = failed({ kind: 'restore-failed', state: 'mixture', volumes: ['data'], detail: '' });

    expect((await typed(['--yes', '--in-place'], { restore: mixture })).text).not.toMatch(/as they were/);
  });

  it('waits its turn with --wait, and not without, when another run has come first', async () => {
    const others = { othersFirst: 2 };

    expect(await typed(['--yes'], others)).toMatchObject({ code: 4, started: [{ kind: 'survey' }] });
    const patient = await typed(['--yes', '--wait'], others);
    expect(patient.code).toBe(0);
    expect(patient.started.map(({ kind }) => kind)).toEqual(['survey', 'survey', 'survey', 'restore']);
  });

  it('follows a restore that was left on the device, and begins no other', async () => {
    const played = await typed(['--yes'], { left: aRun({ kind: 'restore', leaseUntil: instantOf(0) }) });

    expect(played).toMatchObject({ code: 0, started: [], adopted: [{ kind: 'restore' }] });
    expect(played.text).toMatch(/no other is begun/);
  });

  it('takes no other run for its own: a backup that was left is brought to its end first', async () => {
    const played = await typed(['--yes'], { left: aRun({ kind: 'backup', leaseUntil: instantOf(0) }) });

    expect(played.adopted).toHaveLength(1);
    expect(played.started.map(({ kind }) => kind)).toEqual(['survey', 'restore']);
  });
});
