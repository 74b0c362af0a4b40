import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { differencesOf } from '../demo/proofs';
import type { LabDevice } from '../lab/device';
import { type Lab, startLab } from '../lab/lab';
import { loadOldDuplicity, OLD_DUPLICITY } from '../lab/oldduplicity';
import { runProgramSync } from '../lab/process';
import { command, startCommand } from '../support/command';
import { type Tree, treeOf } from '../support/tree';
import { until } from '../support/wait';

let lab: Lab;
let device: LabDevice;
/** The collector's files, while all is well with them. */
let kept: string;
/** The volume at each of two backups, and as it was left. */
let first: Tree;
let second: Tree;

beforeAll(async () => {
  lab = await startLab();
  const fleet = lab.addFleet({ name: 'home', tags: { backupEnabled: 'true', backupSchedule: '@monthly' } });
  device = await lab.addDevice({ fleet, name: 'kitchen' });
  await device.seedVolume('data');
  await device.startService('web', 'data');
  first = await backedUp();
  await device.putFiles('data', { 'logs/app.log': 'second' });
  second = await backedUp();
  await device.putFiles('data', { 'logs/app.log': 'lost' });
  kept = join(lab.folder, 'kept');
  runProgramSync('cp', ['-a', lab.storeOf(device), kept]);
});

afterEach(() => {
  for (const name of readdirSync(lab.storeOf(device))) rmSync(join(lab.storeOf(device), name));
  // With their owners: they say whose files they are at the collector.
  runProgramSync('cp', ['-a', `${kept}/.`, lab.storeOf(device)]);
});

afterAll(async () => {
  await lab.stop();
});

function environment(over: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const { host, port } = lab.server.collector;
  return lab.environment({
    BACKUP_URL: `--volsize=1 rsync://root@${host}:${String(port)}//backups/$UUID`,
    ...over,
  });
}

const now = (): Tree => treeOf(device.volumePath('data'));

async function backedUp(): Promise<Tree> {
  const { code, err } = await command(environment(), 'backup', device.uuid);
  expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' });
  return now();
}

async function restored(over: Readonly<Record<string, string>> = {}): Promise<{ code: number | null; text: string }> {
  const { code, out, err } = await command(environment(over), 'restore', device.uuid, '--yes');
  return { code, text: `${out}${err}` };
}

/** The one file of the collector whose name matches. */
function fileLike(pattern: RegExp): string {
  const [name, ...others] = readdirSync(lab.storeOf(device)).filter((each) => pattern.test(each));
  if (name === undefined || others.length > 0) throw new Error(`no one file like ${String(pattern)}`);
  return join(lab.storeOf(device), name);
}

async function webState(): Promise<string | undefined> {
  return (await device.containers()).find(({ name }) => name.startsWith('web'))?.state;
}

describe('a backup that is not whole', () => {
  it.each<{ name: string; spoil: () => void; says: RegExp }>([
    {
      name: 'a volume that was changed',
      spoil: () => {
        const file = fileLike(/^duplicity-full\..*\.vol2\./);
        const content = readFileSync(file);
        content.fill(0, 5000, 5100);
        writeFileSync(file, content);
      },
      says: /hash/i,
    },
    {
      name: 'a volume that is missing',
      spoil: () => {
        renameSync(fileLike(/^duplicity-full\..*\.vol2\./), join(lab.folder, 'gone'));
      },
      says: /.../,
    },
    {
      name: 'a volume that was cut off',
      spoil: () => {
        const file = fileLike(/^duplicity-full\..*\.vol2\./);
        writeFileSync(file, readFileSync(file).subarray(0, 5000));
      },
      says: /.../,
    },
  ])('is not restored: $name', async ({ spoil, says }) => {
    const before = now();
    spoil();

    const { code, text } = await restored();

    expect(text).toMatch(says);
    expect(code).toBe(1);
    expect(differencesOf(before, now())).toEqual([]);
    expect(await webState()).toBe('running');
    expect(await device.sh('ls -A /var/lib/docker/volumes/balena-backup-staging/_data')).toBe('');
  });

  it('of a run that was cut off does not count: the one before it is restored', async () => {
    rmSync(fileLike(/^duplicity-inc\..*manifest/));

    const { code } = await restored();

    expect(code).toBe(0);
    expect(differencesOf(first, now())).toEqual([]);
  });

  it('that a killed run left, known to the cache of the device, does not count either', async () => {
    const { host, port } = lab.server.collector;
    const slowly = `--volsize=1 --rsync-options=--bwlimit=200 rsync://root@${host}:${String(port)}//backups/$UUID`;
    const before = readdirSync(lab.storeOf(device)).length;
    const running = startCommand(environment({ BACKUP_URL: slowly }), 'backup', device.uuid, '--full');
    await until('two volumes to be stored', () =>
      readdirSync(lab.storeOf(device)).length >= before + 2 ? true : null,
    );
    await device.docker(['kill', 'balena-backup-run']);
    expect((await running.ended).code).toBe(1);

    const { code } = await restored();

    expect(code).toBe(0);
    expect(differencesOf(second, now())).toEqual([]);
  });

  it('of another passphrase is told as such, and nothing is changed', async () => {
    const before = now();

    const { code, text } = await restored({ PASSPHRASE: 'another one altogether' });

    expect(text).toMatch(/another passphrase/);
    expect(code).toBe(1);
    expect(differencesOf(before, now())).toEqual([]);
  });
});

describe('Duplicity 0.8', () => {
  it('restores what 3.x has stored, and refuses what is damaged', async () => {
    await loadOldDuplicity(device);
    await device.putFiles('data', { extra: 'x' });

    expect(await restored({ DOCKER_IMAGE: OLD_DUPLICITY })).toMatchObject({ code: 0 });
    expect(differencesOf(second, now())).toEqual([]);

    const file = fileLike(/^duplicity-full\..*\.vol2\./);
    writeFileSync(file, readFileSync(file).subarray(0, 5000));
    expect(await restored({ DOCKER_IMAGE: OLD_DUPLICITY })).toMatchObject({ code: 1 });
    expect(differencesOf(second, now())).toEqual([]);
  });
});
