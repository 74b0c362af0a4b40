import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isLeft, isRight } from 'fp-ts/Either';
import { deviceUuidOf } from '../../src/model/brand';
import type { SshCredential } from '../../src/model/ports';
import { pruneCollector } from '../../src/store/collectorprune';
import type { LabDevice } from '../lab/device';
import { type Lab, startLab } from '../lab/lab';
import { CollectorGuest, collectorTarget, labKeys, runCredential } from '../support/collectorguest';

/** Of the SFTP protocol, version 3: requests, and which attributes follow. */
const [OPEN, SETSTAT, REMOVE, RENAME, SYMLINK, EXTENDED] = [3, 9, 13, 18, 20, 200];
const [SIZE, OWNER, MODE, TIMES] = [1, 2, 4, 8];
/** To write; to write at the end; to write and read, cut to nothing. */
const openings = [2, 6, 19];

let lab: Lab;
let device: LabDevice;
let guest: CollectorGuest;
let uuid = '';
let own = '';
let store = '';

beforeAll(async () => {
  lab = await startLab();
  device = await lab.addDevice({ fleet: lab.addFleet({ name: 'home' }), name: 'kitchen' });
  await device.sh(
    'mkdir /tmp/data /tmp/cut /tmp/many /tmp/empty; head -c 3000000 /dev/urandom > /tmp/large; for i in $(seq 40); do head -c 100000 /dev/urandom > /tmp/many/$i; done; for i in $(seq 300); do : > /tmp/empty/$i; done',
  );
});

/** For the collector a device is its UUID: each test has another one, on the same machine. */
beforeEach(async () => {
  uuid = randomBytes(16).toString('hex');
  own = `/backups/${uuid}`;
  store = join(lab.server.backups, uuid);
  guest = new CollectorGuest(lab, device, uuid, await runCredential(lab, uuid));
  await device.sh('rm -rf /tmp/archive-* /tmp/restored; echo one > /tmp/data/file');
});

afterAll(async () => {
  await lab.stop();
});

/** Name, owner and content of all that is stored. */
function stored(): readonly string[] {
  if (!existsSync(store)) return [];
  return readdirSync(store, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(store, name)).isFile())
    .map(
      (name) =>
        `${name} ${createHash('sha256')
          .update(readFileSync(join(store, name)))
          .digest('hex')}`,
    )
    .sort();
}

function nameOf(line: string): string {
  return line.replace(/ [0-9a-f]{64}$/, '');
}

async function backUp(action = ''): Promise<void> {
  const url = `URL/${uuid}`;
  const { code, said } = await guest.duplicity('rsync', `${action} --allow-source-mismatch /tmp/data ${url}`);
  if (code !== 0) throw new Error(said);
  await device.sh('date +%s%N >> /tmp/data/file; sleep 1.1');
}

describe('an append-only collector', () => {
  beforeAll(() => lab.server.replaceCollector({ COLLECTOR_APPEND_ONLY: 'true' }));

  it('takes full and incremental sets, drops none when told to, and gives them back', async () => {
    await backUp('full');
    await backUp();
    const kept = stored();

    await guest.duplicity('rsync', `remove-all-but-n-full 1 --force URL/${uuid}`);
    await backUp('full');
    await guest.duplicity('rsync', `remove-all-but-n-full 1 --force URL/${uuid}`);

    expect(stored()).toEqual(expect.arrayContaining([...kept]));
    expect(stored().filter((name) => /duplicity-full\.\S+manifest/.test(name))).toHaveLength(2);
    const restored = await guest.duplicity('rsync', `restore URL/${uuid} /tmp/restored`, 'cold');
    expect(restored.said).toContain('code 0');
  });

  it('lets nobody change or remove a finished set', async () => {
    await backUp('full');
    const kept = stored();
    const [volume = ''] = stored()
      .map(nameOf)
      .filter((name) => name.includes('difftar'));
    const [manifest = ''] = stored()
      .map(nameOf)
      .filter((name) => name.includes('manifest'));

    for (const attempt of [
      () => guest.rsync(`/tmp/large COLLECTOR:${own}/${volume}`),
      () => guest.rsync(`--inplace /tmp/large COLLECTOR:${own}/${volume}`),
      () => guest.rsync(`-r --delete --exclude=x /tmp/data/ COLLECTOR:${own}/`),
      () => guest.sftp(`put /tmp/large ${own}/${volume}`),
      () => guest.sftp(`rm ${own}/${manifest}`),
      () => guest.sftp(`rename ${own}/${manifest} ${own}/away`),
      () => guest.sftp(`chmod 666 ${own}/${volume}`),
      () => guest.sftp(`chmod 777 ${own}`),
      () => guest.sftp(`put /tmp/large ${own}/new`, `rename ${own}/new ${own}/${volume}`),
      () => guest.sftp(`reput /tmp/large ${own}/${volume}`),
      () => guest.rsync(`--append /tmp/large COLLECTOR:${own}/${volume}`),
      () => guest.rsync(`-b --suffix=.old /tmp/large COLLECTOR:${own}/${volume}`),
      () => guest.rsync(`-r --delete-before --force --exclude=x /tmp/data/ COLLECTOR:${own}/`),
      () => guest.sftp(`rmdir ${own}`),
      () => guest.sftp(`rename ${own} ${own}.away`),
    ]) {
      expect(await attempt()).not.toMatchObject({ code: 0 });
    }
    const file = `${own}/${volume}`;
    const { said } = await guest.requests(
      ...openings.map((flags) => [OPEN, file, flags, 0] as const),
      [SETSTAT, file, SIZE, 0, 0],
      [SETSTAT, file, OWNER, 100_000, 100_000],
      [SETSTAT, file, MODE, 0o666],
      [SETSTAT, file, TIMES, 0, 0],
      [RENAME, file, `${own}/away`],
      [REMOVE, file],
      [SYMLINK, '/etc/passwd', `${own}/link`],
      [EXTENDED, 'posix-rename@openssh.com', file, `${own}/away`],
      [EXTENDED, 'posix-rename@openssh.com', `${own}/new`, file],
      [EXTENDED, 'hardlink@openssh.com', file, `${own}/link`],
      [EXTENDED, 'lsetstat@openssh.com', file, MODE, 0o666],
      [EXTENDED, 'copy-data', file, file],
    );
    expect(said.match(/^status [1-9].*/gm)).toHaveLength(openings.length + 12);
    expect(said).not.toMatch(/^status 0/m);

    expect(stored()).toEqual(expect.arrayContaining([...kept]));
  });

  it('lets a set that is not finished be made anew, and one whose manifest was cut off', async () => {
    await backUp('full');
    const manifest =
      stored()
        .map(nameOf)
        .find((name) => name.includes('manifest')) ?? '';
    writeFileSync(join(device.folder, 'tmp/cut/whole'), readFileSync(join(store, manifest)));
    await device.sh('head -c 60 /tmp/cut/whole > /tmp/cut/half');
    const next = 'duplicity-full.20300101T000000Z';

    await guest.rsync(`/tmp/data/file COLLECTOR:${own}/${next}.vol1.difftar.gpg`);
    await guest.rsync(`/tmp/cut/half COLLECTOR:${own}/${next}.manifest.gpg`);
    expect(await guest.rsync(`/tmp/large COLLECTOR:${own}/${next}.vol1.difftar.gpg`)).toMatchObject({ code: 0 });
    expect(await guest.rsync(`/tmp/cut/whole COLLECTOR:${own}/${next}.manifest.gpg`)).toMatchObject({ code: 0 });

    expect(await guest.sftp(`rm ${own}/${next}.vol1.difftar.gpg`)).not.toMatchObject({ code: 0 });
    expect(statSync(join(store, `${next}.vol1.difftar.gpg`)).size).toBe(3_000_000);
  });

  it('does not shut a device out while another session of it begins or ends', async () => {
    await backUp('full');
    const modes = new Set<number>();
    const watch = { isOn: true };
    const watching = (async (): Promise<void> => {
      while (watch.isOn) {
        modes.add(statSync(store).mode & 0o7777);
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();

    for (let login = 0; login < 3; login += 1) await guest.sftp(`ls ${own}`);
    watch.isOn = false;
    await watching;

    expect([...modes]).toEqual([0o1770]);
  });

  it('goes back to a common one, in which old backups can be removed', async () => {
    await backUp('full');
    await backUp('full');
    await lab.server.replaceCollector({});

    await guest.duplicity('rsync', `remove-all-but-n-full 1 --force URL/${uuid}`);

    expect(
      stored()
        .map(nameOf)
        .filter((name) => name.includes('manifest')),
    ).toHaveLength(1);
    await lab.server.replaceCollector({ COLLECTOR_APPEND_ONLY: 'true' });
  });
});

describe('pruning by the collector itself', () => {
  async function credential(whose: string, keep: number): Promise<SshCredential> {
    const made = await labKeys(lab).pruneCredentialFor(collectorTarget(lab), deviceUuidOf(whose), keep);
    if (isLeft(made)) throw new Error(JSON.stringify(made.left));
    return made.right;
  }

  async function prune(whose: string, keep: number): ReturnType<typeof pruneCollector> {
    return pruneCollector(lab.server.collector, await credential(whose, keep), new AbortController().signal);
  }

  it('drops the oldest chains of an append-only collector, says which, and leaves what can be restored', async () => {
    await lab.server.replaceCollector({ COLLECTOR_APPEND_ONLY: 'true' });
    for (const action of ['full', '', 'full', '', 'full']) await backUp(action);
    await guest.rsync(`/tmp/large COLLECTOR:${own}/duplicity-full.20300101T000000Z.vol1.difftar.gpg`);

    const report = await prune(uuid, 2);

    expect(report).toMatchObject({ right: { kept: [expect.any(String), expect.any(String)] } });
    expect(isRight(report) && report.right.dropped).toEqual([expect.stringContaining('.to.'), expect.any(String)]);
    const left = stored().map(nameOf);
    expect(left.filter((name) => /duplicity-full\.\S+manifest/.test(name))).toHaveLength(2);
    expect(left).toContain('duplicity-full.20300101T000000Z.vol1.difftar.gpg');
    const restored = await guest.duplicity('rsync', `restore URL/${uuid} /tmp/restored`, 'cold');
    expect(restored.said).toContain('code 0');
    expect(await lab.server.collectorLog()).toMatch(
      new RegExp(`pruned device=${uuid} from=\\S+ kept=\\S+ dropped=\\S+ files=6`),
    );
    expect(await prune(uuid, 2)).toMatchObject({ right: { dropped: [] } });
  });

  it('of a device without backups fails and says so', async () => {
    const answer = await prune('f'.repeat(32), 1);

    expect(answer).toMatchObject({ left: { kind: 'store-unavailable' } });
    expect(JSON.stringify(answer)).toContain('there are no backups of this device here');
  });

  it("'s credential does nothing else, whatever is sent", async () => {
    await backUp('full');
    const pruner = new CollectorGuest(lab, device, `prune-${uuid}`, await credential(uuid, 1));

    expect((await pruner.attempt(`${pruner.ssh} 'cat /etc/passwd'`)).said).toMatch(/^\{"targets"/);
    expect(await pruner.sftp(`ls ${own}`)).not.toMatchObject({ code: 0 });
    expect(await pruner.rsync(`COLLECTOR:${own}/ /tmp/pruned`)).not.toMatchObject({ code: 0 });
  });
});

describe('a quota', () => {
  beforeAll(() => lab.server.replaceCollector({ COLLECTOR_QUOTA: '1M' }));

  const used = (): number => Number(spawnSync('du', ['-s', '-B1', store], { encoding: 'utf8' }).stdout.split('\t')[0]);

  it.each([
    { way: 'a large file over rsync', attempt: () => guest.rsync(`/tmp/large COLLECTOR:${own}/large`) },
    { way: 'a large file over sftp', attempt: () => guest.sftp(`put /tmp/large ${own}/large`) },
    {
      way: 'many files over rsync',
      attempt: () => guest.rsync(`-r --bwlimit=1000 /tmp/many/ COLLECTOR:${own}/many/ && ${again('many2')}`),
    },
    { way: 'many files over sftp', attempt: () => guest.sftp(`put -r /tmp/many ${own}/many`) },
    {
      way: 'many empty files',
      attempt: () => guest.rsync(`-r /tmp/empty/ COLLECTOR:${own}/empty/ && ${again('empty2')}`),
    },
    {
      way: 'many sessions at once',
      attempt: () =>
        guest.attempt(
          `for i in 1 2 3 4 5 6; do rsync --bwlimit=400 -e '${call()}' /tmp/large root@${lab.server.collector.host}:${own}/$i & done; wait; ${again('last')}`,
        ),
    },
  ])('holds against $way', async ({ attempt }) => {
    await attempt();

    expect(used()).toBeLessThan(2_000_000);
    expect(stored().length).toBeLessThanOrEqual(300);
  });

  it('says so to the device and in the log, and lets it read, and remove what is too much', async () => {
    await guest.rsync(`-r /tmp/data/ COLLECTOR:${own}/`);
    await device.sh('head -c 1100000 /dev/urandom > /tmp/much');
    await lab.server.replaceCollector({});
    await guest.rsync(`/tmp/much COLLECTOR:${own}/much`);
    await lab.server.replaceCollector({ COLLECTOR_QUOTA: '1M' });

    const refused = await guest.rsync(`/tmp/data/file COLLECTOR:${own}/more`);
    const read = await guest.rsync(`COLLECTOR:${own}/much /tmp/back`);
    const removed = await guest.rsync(`-r --delete --exclude=file /tmp/data/ COLLECTOR:${own}/`);

    expect(refused.said).toMatch(/quota exceeded: this device has stored \d+ bytes and may store 1048576/);
    expect(await lab.server.collectorLog()).toMatch(/refused device=\S+ .*quota exceeded/);
    expect([read.code, removed.code]).toEqual([0, 0]);
    expect(stored().map(nameOf)).toEqual(['file']);
    expect(await guest.rsync(`/tmp/data/file COLLECTOR:${own}/more`)).toMatchObject({ code: 0 });
  });

  function call(): string {
    return guest.ssh.replace(/ root@\S+$/, '');
  }

  function again(name: string): string {
    return `rsync -e '${call()}' /tmp/data/file root@${lab.server.collector.host}:${own}/${name}`;
  }
});

describe('another container on the same volumes', () => {
  it('is the same server, knows the devices, and gives nobody the number of another', async () => {
    await guest.rsync(`/tmp/data/file COLLECTOR:${own}/before`);
    const owner = statSync(join(store, 'before')).uid;

    await lab.server.replaceCollector({});

    expect(await guest.rsync(`/tmp/data/file COLLECTOR:${own}/after`)).toMatchObject({ code: 0 });
    expect(statSync(join(store, 'after')).uid).toBe(owner);
    rmSync(store, { recursive: true });
    expect(await guest.rsync(`/tmp/data/file COLLECTOR:${own}/after`)).toMatchObject({ code: 0 });
    expect(statSync(join(store, 'after')).uid).toBeGreaterThan(owner);
  });

  it.each([
    { name: 'COLLECTOR_QUOTA', value: 'much' },
    { name: 'COLLECTOR_APPEND_ONLY', value: 'yes' },
    { name: 'COLLECTOR_CA_KEY', value: 'no key' },
  ])('does not start with a $name that it cannot read', async ({ name, value }) => {
    const run = lab.server.engine.docker(['run', '--rm', '--env', `${name}=${value}`, 'collector:lab']);

    await expect(run).rejects.toThrow(name);
  });
});

describe('what the first generation left as root', () => {
  /** A chain as Duplicity made it there. */
  function leave(folder: string, options: readonly string[]): void {
    const work = mkdtempSync(join(tmpdir(), 'first-'));
    mkdirSync(join(work, 'data'));
    mkdirSync(join(work, 'gnupg'), { mode: 0o700 });
    writeFileSync(join(work, 'data', 'old'), 'from before');
    mkdirSync(folder, { recursive: true });
    const env = {
      PATH: process.env['PATH'] ?? '',
      HOME: work,
      GNUPGHOME: join(work, 'gnupg'),
      PASSPHRASE: 'passphrase',
    };
    const args = ['full', `--archive-dir=${work}/archive`, ...options, join(work, 'data'), `file://${folder}`];
    const { status, stderr } = spawnSync('duplicity', args, { env, encoding: 'utf8' });
    rmSync(work, { recursive: true });
    if (status !== 0) throw new Error(stderr);
  }

  it.each([
    { layout: 'the UUID as a folder', path: (device: string) => `/${device}`, options: () => '' },
    { layout: 'the UUID as a prefix', path: () => '', options: (device: string) => `--file-prefix=${device}-` },
  ])('with $layout is restored and added to', async ({ path, options }) => {
    const flags = options(uuid);
    leave(`${lab.server.backups}${path(uuid)}`, flags === '' ? [] : [flags]);
    const url = `URL${path(uuid)}`;

    const restored = await guest.duplicity('rsync', `restore ${flags} ${url} /tmp/restored`);
    const added = await guest.duplicity('rsync', `incr ${flags} --allow-source-mismatch /tmp/data ${url}`);

    expect(restored.said).toContain('code 0');
    expect(added.said).toContain('code 0');
    expect(await device.sh('cat /tmp/restored/old')).toBe('from before');
    expect(
      stored()
        .map(nameOf)
        .filter((name) => name.includes('manifest')),
    ).toHaveLength(2);
    expect(readdirSync(lab.server.backups).filter((name) => name.includes('-'))).toEqual([]);
    expect(statSync(store).mode & 0o7777).toBe(0o770);
  });
});
