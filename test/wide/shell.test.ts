import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabDevice } from '../lab/device';
import type { LabHost } from '../lab/host';
import { type Lab, startLab } from '../lab/lab';
import { loadOldDuplicity, OLD_DUPLICITY } from '../lab/oldduplicity';
import { treeOf } from '../support/tree';

/** Tries what docs/commands.md says of Duplicity in a person's own words. */
const ORCHESTRATOR = 'orchestrator';
let lab: Lab;
let host: LabHost;
let device: LabDevice;

beforeAll(async () => {
  lab = await startLab({ orchestrator: true });
  device = await lab.addDevice({ fleet: lab.addFleet({ name: 'home' }), name: 'kitchen' });
  await device.seedVolume('data');
  await loadOldDuplicity(device);
  host = await lab.addHost('host');
  const { STATE_DIR, KEYS_DIR = '', ...variables } = lab.environment();
  expect(STATE_DIR).toBeDefined();
  const file = join(lab.folder, 'orchestrator.env');
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(file, lines.join(''), { mode: 0o600 });
  const mounts = ['--volume', 'state:/data', '--volume', `${KEYS_DIR}:/keys`];
  await host.engine.docker([
    'run',
    '--detach',
    '--name',
    ORCHESTRATOR,
    '--env-file',
    file,
    ...mounts,
    'orchestrator:lab',
  ]);
  // Two images are built where the cache has none.
}, 900_000);

afterAll(async () => {
  await lab.stop();
});

interface Said {
  readonly code: number;
  readonly text: string;
}

/** What a person in a shell of the orchestrator service sees. */
async function typed(command: string, variables: Readonly<Record<string, string>> = {}): Promise<Said> {
  const environment = Object.entries(variables).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  const text = await host.engine.docker([
    'exec',
    ...environment,
    ORCHESTRATOR,
    'sh',
    '-c',
    `{ ${command}; } 2>&1; echo "code $?"`,
  ]);
  return { code: Number(/code (\d+)\n$/.exec(text)?.[1]), text };
}

describe.each([
  { version: '3', image: () => lab.server.duplicityImage, name: 'three' },
  { version: '0.8', image: () => OLD_DUPLICITY, name: 'eight' },
])('with Duplicity $version in the shell of the orchestrator', ({ version, image, name }) => {
  const execute = (text: string, more: Readonly<Record<string, string>> = {}): Promise<Said> =>
    typed(`execute.sh ${device.uuid} "${text}"`, { DOCKER_IMAGE: image(), ...more });
  const local = `file:///backups/${name}`;
  const remote = (): string => {
    const { host: address, port } = lab.server.collector;
    return `rsync://root@${address}:${String(port)}//backups/${device.uuid}`;
  };
  const prefix = `--file-prefix=${name}-`;

  it('backup.sh backs up', async () => {
    const said = await typed(`backup.sh ${device.uuid} --full`, { DOCKER_IMAGE: image() });

    expect(said).toMatchObject({ code: 0 });
    expect(said.text).toMatch(/Stored a full snapshot/);
  });

  it('execute.sh backs up to the device itself and to the collector, and restores from there', async () => {
    const volume = device.volumePath('data');
    const before = treeOf(volume);
    for (const place of [local, `${prefix} ${remote()}`]) {
      const [options, url] = place.includes(' ') ? place.split(' ') : ['', place];
      const there = `-v 9 --allow-source-mismatch ${String(options)} /volumes ${String(url)}`;
      expect(await execute(there)).toMatchObject({ code: 0 });
      const back = `-v 9 --allow-source-mismatch ${String(options)} ${String(url)} /volumes`;
      expect(await execute(back)).toMatchObject({ code: 5 });
      writeFileSync(join(volume, 'hello.txt'), 'spoilt');
      expect(await execute(back, { MOUNT_MODE: 'rw' })).toMatchObject({ code: 0 });
      expect(treeOf(volume)).toMatchObject(before);
    }
  });

  it('execute.sh restores one path to where it was', async () => {
    const path = 'database/journal';
    const before = treeOf(device.volumePath('data'));
    writeFileSync(join(device.volumePath('data'), path), 'spoilt');
    const words = `-v 9 data/${path} ${local} /volumes/data/${path}`;

    expect(await execute(words, { MOUNT_MODE: 'rw' })).toMatchObject({ code: 0 });
    expect(treeOf(device.volumePath('data'))).toEqual(before);
  });

  it.each([
    { words: `verify -v 9 ${local} /volumes`, says: /Verify complete/ },
    { words: `verify /volumes ${local}`, says: /Verify complete/ },
    { words: `collection-status ${local}`, says: /Found primary backup chain/ },
    { words: `list-current-files ${local}`, says: / data\n/ },
    { words: `incr /volumes ${local}`, says: /Executed incremental/ },
    { words: `full /volumes ${local}`, says: /Executed full/ },
    { words: `restore --file-to-restore data ${local} /backups/out-${name}`, says: /Executed restore/ },
    { words: `remove-all-inc-of-but-n-full 1 --force ${local}`, says: /Executed remove-all-inc-of-but-n-full/ },
    { words: `remove-all-but-n-full 1 --force ${local}`, says: /Executed remove-all-but-n-full/ },
    { words: `remove-older-than 1Y ${local}`, says: /Executed remove-older-than/ },
    { words: `cleanup --force ${local}`, says: /Executed cleanup/ },
  ])('execute.sh $words', async ({ words, says }) => {
    const said = await execute(words);

    expect(said).toMatchObject({ code: 0 });
    expect(said.text).toMatch(says);
  });

  it('execute.sh replicates where Duplicity still can, and says why not where it cannot', async () => {
    const said = await execute(`replicate ${local} file:///backups/copy-${name}`);

    expect(said.code).toBe(version === '3' ? 1 : 0);
    expect(said.text).toMatch(version === '3' ? /dropped replicate in version 3/ : /Executed replicate/);
  });
});
