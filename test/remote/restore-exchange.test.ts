import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { ExchangeBox, type Life } from '../support/exchangebox';

const OLD = { data: { a: 'old a', 'sub/b': 'old b' }, conf: { c: 'old c' } } as const;
const NEW = { data: { a: 'new a', z: 'new z' }, conf: { c: 'new c' } } as const;
const VOLUMES = ['data', 'conf'] as const;
const ITEMS = VOLUMES.map((volume) => ({ volume, path: null, label: volume }));
const ORDER = { kind: 'restore', snapshotAt: '20261124T115000Z', items: ITEMS };

let box: ExchangeBox;

beforeEach(async () => {
  box = new ExchangeBox();
  await box.open();
});

afterEach(() => {
  box.close();
});

/** Two volumes with old content, new content staged for both, and services on them; one is not running. */
function fill(): void {
  for (const [index, volume] of VOLUMES.entries()) {
    for (const [file, text] of Object.entries(OLD[volume])) box.put(join(box.volume(volume), file), text);
    for (const [file, text] of Object.entries(NEW[volume]))
      box.put(box.staging(`work/staged/${String(index)}/${file}`), text);
  }
  box.order(ORDER);
  box.containers.push(
    { name: 'web', service: 'web', volumes: ['data'], up: true },
    { name: 'both', service: 'both', volumes: ['data', 'conf'], up: true },
    { name: 'byhand', service: null, volumes: ['conf'], up: true },
    { name: 'down', service: 'down', volumes: ['data'], up: false },
    { name: 'elsewhere', service: 'elsewhere', volumes: ['logs'], up: true },
  );
}

const contents = (): Readonly<Record<string, unknown>> =>
  Object.fromEntries(VOLUMES.map((volume) => [volume, box.contentOf(box.volume(volume))]));
const up = (): readonly string[] => box.containers.filter((each) => each.up).map(({ name }) => name);

/** Locks of services, and whatever a run left in staging beside the undo copy. */
function leftovers(): readonly string[] {
  const locks = readdirSync(join(box.root, 'supervisor/services'), { recursive: true, withFileTypes: true });
  // An empty folder is nobody's.
  const staged = readdirSync(box.staging('.')).filter(
    (name) => name !== 'undo' && readdirSync(box.staging(name)).length > 0,
  );
  return [...locks.filter((entry) => entry.isFile()).map(({ name }) => name), ...staged];
}

/** What a device does when its power comes back: the engine starts what was running, and the locks are gone. */
function reboot(): void {
  for (const each of box.containers) if (each.name !== 'down') each.up = true;
  rmSync(join(box.root, 'supervisor/services'), { recursive: true });
  mkdirSync(join(box.root, 'supervisor/services'));
}

function empty(): void {
  box.containers.length = 0;
  rmSync(box.staging('undo'), { recursive: true, force: true });
  for (const volume of VOLUMES) rmSync(box.volume(volume), { recursive: true });
}

function expectWhole(): void {
  for (const volume of VOLUMES) expect([OLD[volume], NEW[volume]]).toContainEqual(box.contentOf(box.volume(volume)));
}

function expectDone(last: Life): void {
  expect(last.result).toMatchObject({
    ok: true,
    restored: { kind: 'restore', items: ['data', 'conf'], services: ['both', 'byhand', 'web'], undo: 'kept' },
  });
  expect(contents()).toEqual(NEW);
  expect(up()).toEqual(['web', 'both', 'byhand', 'elsewhere']);
  expect([...box.upMeanwhile]).toEqual(['elsewhere']);
  expect(leftovers()).toEqual([]);
}

describe('an exchange', () => {
  it('puts the new content in place, with the services that use it stopped meanwhile and started again', async () => {
    fill();

    expectDone(await box.live());

    expect(box.contentOf(box.staging('undo/0'))).toEqual(OLD.data);
  });

  it.each([
    { name: 'is cut off', way: 'fast' },
    { name: 'is cut off, on a kernel that cannot exchange at once', way: 'slow' },
  ] as const)(
    'that $name ends well after each of its steps, with the container killed or the power gone',
    async ({ way }) => {
      for (let deadly = 1; ; deadly += 1) {
        fill();
        const first = await box.live(deadly, way);
        if (!first.crashed) break;
        if (way === 'fast') expectWhole();
        if (deadly % 2 === 0) reboot();
        const second = existsSync(box.staging('work/n0nce.py')) ? await box.live(0, way) : first;
        // Once everything was said and cleared, a last life has nothing to say.
        expectDone(second.result === null ? first : second);
        expect(second.code).toBe(first === second ? 137 : 0);
        empty();
      }
    },
    60_000,
  );

  it('of a run whose container is gone for long is not carried on: what is there may be newer', async () => {
    for (let deadly = 1; ; deadly += 1) {
      fill();
      if (!(await box.live(deadly)).crashed) break;
      const before = contents();
      reboot();

      await box.abandon();

      expect(contents()).toEqual(before);
      expect(up()).toEqual(['web', 'both', 'byhand', 'elsewhere']);
      expect(leftovers()).toEqual([]);
      for (const index of VOLUMES.keys()) {
        const kept = box.contentOf(box.staging(`undo/${String(index)}`));
        if (Object.keys(kept).length > 0) expect(kept).toEqual(Object.values(OLD)[index]);
      }
      empty();
    }
  }, 60_000);

  it('is taken back as a whole by an undo, and that by another', async () => {
    fill();
    await box.live();

    box.order({ kind: 'undo' });
    expect((await box.live()).result).toMatchObject({ ok: true, restored: { kind: 'undo', items: ['data', 'conf'] } });
    expect(contents()).toEqual(OLD);

    box.order({ kind: 'undo' });
    expect((await box.live()).result).toMatchObject({ ok: true });
    expect(contents()).toEqual(NEW);
    expect(leftovers()).toEqual([]);
  });

  it('of a path leaves all beside it, makes folders on the way, and is taken back', async () => {
    box.put(join(box.volume('data'), 'sub/kept'), 'kept');
    box.put(box.staging('work/staged/0/f'), 'new');
    box.order({ ...ORDER, items: [{ volume: 'data', path: 'sub/deep/er', label: 'data/sub/deep/er' }] });

    expect((await box.live()).result).toMatchObject({ ok: true });
    expect(box.contentOf(box.volume('data'))).toEqual({ 'sub/kept': 'kept', 'sub/deep/er/f': 'new' });

    box.order({ kind: 'undo' });
    await box.live();
    expect(box.contentOf(box.volume('data'))).toEqual({ 'sub/kept': 'kept' });
  });

  it('of a path goes through no link that leads out of the volume', async () => {
    box.put(join(box.root, 'outside/f'), 'safe');
    box.put(join(box.volume('data'), 'x'), '');
    symlinkSync(join(box.root, 'outside'), join(box.volume('data'), 'way'));
    box.put(box.staging('work/staged/0'), 'new');
    box.order({ ...ORDER, items: [{ volume: 'data', path: 'way/f', label: 'data/way/f' }] });

    expect((await box.live()).result).toMatchObject({ ok: false, kind: 'path-blocked' });
    expect(box.contentOf(join(box.root, 'outside'))).toEqual({ f: 'safe' });
    expect(leftovers()).toEqual([]);
  });

  it('does not stop a service that holds its update lock', async () => {
    fill();
    box.put(join(box.root, 'supervisor/services/7/both/updates.lock'), 'of the service');

    expect((await box.live()).result).toEqual({ ok: false, kind: 'locked', names: ['both'] });
    expect(contents()).toEqual(OLD);
    expect(up()).toEqual(['web', 'both', 'byhand', 'elsewhere']);
    expect(leftovers()).toEqual(['updates.lock']);
  });

  it('that cannot stop a service is given up with everything as it was', async () => {
    fill();
    box.refusesToStop = (name) => name === 'byhand';

    expect((await box.live()).result).toMatchObject({ ok: false, kind: 'exchange' });
    expect(contents()).toEqual(OLD);
    expect(up()).toEqual(['web', 'both', 'byhand', 'elsewhere']);
    expect(leftovers()).toEqual([]);
  });

  it.each([
    { name: 'ended', marks: ['overlaying', 'ready'], result: { ok: true, restored: { undo: 'none' } } },
    { name: 'cut off in the middle', marks: ['overlaying'], result: { ok: false, kind: 'overlay-interrupted' } },
    { name: 'cut off before it wrote', marks: [], result: { ok: false, kind: 'interrupted' } },
  ])('in place that was $name starts the services again and says how it is', async ({ marks, result }) => {
    fill();
    const stopped = box.containers.filter((each) => each.up && each.volumes.includes('data'));
    for (const each of stopped) each.up = false;
    const journal = { ...ORDER, kind: 'in-place', app: 7, nonce: 'n0nce', state: 'halted', entries: 0, bytes: 0 };
    const notes = stopped.map(({ name, service }) => ({ id: name, name, service, app: '7' }));
    box.put(box.staging('work/journal.json'), JSON.stringify({ ...journal, stopped: notes }));
    box.put(join(box.root, 'supervisor/services/7/web/updates.lock'), 'balena-backup n0nce\n');
    rmSync(box.staging('work/ready'));
    for (const mark of marks) box.put(box.staging(`work/${mark}`), '');

    expect((await box.live()).result).toMatchObject(result);
    expect(up()).toEqual(['web', 'both', 'byhand', 'elsewhere']);
    expect(leftovers()).toEqual([]);
  });

  it('never begins once a person has ended the run', async () => {
    fill();
    box.put(box.staging('decided-n0nce'), 'cancelled\n');

    expect((await box.live()).result).toMatchObject({ ok: false, kind: 'cancelled' });
    expect(contents()).toEqual(OLD);
    expect(leftovers()).toEqual([]);
  });

  it('whose fetch was cut off is cleared away', async () => {
    fill();
    rmSync(box.staging('work/ready'));

    expect((await box.live()).result).toMatchObject({ ok: false, kind: 'interrupted' });
    expect(contents()).toEqual(OLD);
    expect(leftovers()).toEqual([]);
  });
});
