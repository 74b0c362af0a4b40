import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { LabDevice } from '../lab/device';
import { type Lab, startLab } from '../lab/lab';
import { runProgram } from '../lab/process';
import { command } from '../support/command';
import { type ControllerProcess, type LogLine, startController } from '../support/controller';
import { until } from '../support/wait';
import { ProcessWatcher } from '../support/watcher';

/** Values that stand nowhere but in the orchestrator's environment. */
const MARKED = {
  PASSPHRASE: 'marked passphrase 8#fW',
  SCRT_TARGET: 'marked-url/word%40Q7',
  AWS_SECRET_ACCESS_KEY: 'marked-aws-secret-T5',
  FTP_PASSWORD: 'marked-ftp-word-Z2',
  IMAP_PASSWORD: 'marked-imap-word-K9',
  DPBX_ACCESS_TOKEN: 'marked-dropbox-token-X4',
};

let lab: Lab;
let controller: ControllerProcess;
let ownKey = '';
/** Of the user's own key, of our key for devices and of our certificate authority. */
let keyLines: readonly string[] = [];
let processes: readonly string[] = [];
let inspected = '';
let devices: readonly LabDevice[] = [];

const of =
  (device: LabDevice, ...events: readonly string[]) =>
  (line: LogLine) =>
    events.includes(String(line['event'])) && line['deviceUuid'] === device.uuid;

/** One lab, one story: a backup that succeeds, and others that fail in all ways that show what they were told. */
beforeAll(async () => {
  lab = await startLab();
  const file = join(lab.folder, 'users_own');
  await runProgram('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'own', '-f', file]);
  ownKey = readFileSync(file, 'utf8');
  const { host, port } = lab.server.collector;
  const fleet = lab.addFleet({ name: 'marked', tags: { backupEnabled: 'true' } });
  const target = `sftp://root:$SCRT_TARGET@${host}:${String(port)}//backups/$UUID`;
  const add = async (name: string, tags: Readonly<Record<string, string>>): Promise<LabDevice> => {
    const device = await lab.addDevice({ fleet, name, tags });
    await device.seedVolume('data');
    return device;
  };
  devices = [
    await add('well', { backupUrl: target }),
    await add('no-server', { backupUrl: `sftp://root:$SCRT_TARGET@${host}:9//backups/$UUID --num-retries=1` }),
  ];
  const [well, bad] = devices;
  if (well === undefined || bad === undefined) throw new Error('there are two devices');
  const watcher = new ProcessWatcher();
  controller = startController(
    lab.environment({
      ...MARKED,
      SCRT_TARGET: encodeURIComponent(MARKED.SCRT_TARGET),
      BACKUP_SSH_KEY: ownKey,
      BACKUP_SSH_KNOWN_HOSTS: `elsewhere.example ${lab.gateway.hostKey}`,
      BACKUP_SCHEDULE: '0 0 1 1 *',
    }),
  );
  for (const device of devices) await controller.waitFor('the devices', of(device, 'device.policy.accepted'));
  for (const device of devices) lab.setTag(device, 'backupRequest', 'now');
  inspected = await until('the container to run', async () =>
    well.docker(['inspect', 'balena-backup-run']).catch(() => null),
  );
  await controller.waitFor('the good end', of(well, 'run.succeeded', 'run.failed'));
  await controller.waitFor('the bad end', of(bad, 'run.failed'));
  processes = await watcher.stop();
  const ours = ['fleet', 'ca'].map((name) => readFileSync(join(lab.folder, 'state', 'keys', name), 'utf8'));
  keyLines = [ownKey, ...ours].flatMap((key) =>
    key.split('\n').filter((line) => line.length > 20 && !line.startsWith('-----') && !isSharedLine(line)),
  );
});

afterAll(async () => {
  await controller.stop();
  await lab.stop();
});

/** Whatever would show one of the secrets: as it is, percent-encoded or in base64; and lines of the private key. */
function secretsIn(text: string): readonly string[] {
  const values = [...Object.values(MARKED), lab.api.apiKey];
  const forms = values.flatMap((value) => [value, encodeURIComponent(value), Buffer.from(value).toString('base64')]);
  return [...forms, ...keyLines].filter((form) => text.includes(form));
}

/** How every key of the kind begins. */
function isSharedLine(line: string): boolean {
  return line.startsWith('b3BlbnNzaC1rZXktdjE');
}

/** Files below a folder that hold one of them, or one of those besides. */
function filesWithSecrets(folder: string, besides: readonly string[] = keyLines): readonly string[] {
  const values = [...Object.values(MARKED), encodeURIComponent(MARKED.SCRT_TARGET), lab.api.apiKey, ...besides];
  const patterns = values.flatMap((value) => ['-e', value]);
  const { stdout } = spawnSync('grep', ['-rlaF', ...patterns, folder], { encoding: 'utf8', maxBuffer: 1 << 26 });
  return stdout.split('\n').filter((line) => line !== '');
}

test('the runs ended as they should, so that there was something to hide', () => {
  const ends = controller.lines.filter((line) => ['run.succeeded', 'run.failed'].includes(String(line['event'])));

  expect(ends.map((line) => [line['deviceName'], line['event']])).toEqual(
    expect.arrayContaining([
      ['well', 'run.succeeded'],
      ['no-server', 'run.failed'],
    ]),
  );
  expect(processes.some((line) => /duplicity .*sftp:\/\/root@/.test(line))).toBe(true);
  expect(processes.some((line) => /dist\/main\.js run/.test(line))).toBe(true);
});

test('no line of the log shows a secret, at any level', () => {
  expect(secretsIn(controller.lines.map((line) => JSON.stringify(line)).join('\n'))).toEqual([]);
});

test('no list of processes shows one, on devices or beside the orchestrator', () => {
  expect(processes.filter((line) => secretsIn(line).length > 0)).toEqual([]);
});

test('the container has none in its labels, its environment, or its command, and few rights', () => {
  expect(secretsIn(inspected)).toEqual([]);
  const [container] = JSON.parse(inspected) as readonly {
    readonly HostConfig: Readonly<Record<string, unknown>>;
    readonly Mounts: readonly { readonly Destination: string; readonly RW: boolean }[];
  }[];
  expect(container?.HostConfig).toMatchObject({
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges'],
    Privileged: false,
  });
  expect(String(container?.HostConfig['CapAdd'])).toMatch(/^(CAP_)?DAC_OVERRIDE$/);
  const volumes = container?.Mounts.filter(({ Destination }) => Destination.startsWith('/volumes/')) ?? [];
  expect(volumes).toMatchObject([{ Destination: '/volumes/data', RW: false }]);
});

test('the ledger and the other files of the orchestrator hold none', () => {
  expect(filesWithSecrets(join(lab.folder, 'state'), [])).toEqual([]);
  expect(
    filesWithSecrets(join(lab.folder, 'state'))
      .map((file) => basename(file))
      .sort(),
  ).toEqual(['ca', 'fleet']);
});

test('nothing is left of one on the devices', async () => {
  for (const device of devices) {
    expect(filesWithSecrets(device.folder)).toEqual([]);
    const patterns = [...Object.values(MARKED), ...keyLines].map((value) => `-e '${value}'`);
    expect(await device.sh(`grep -rlaF ${patterns.join(' ')} /run /tmp /dev/shm 2>/dev/null || :`)).toBe('');
  }
});

test('the collector, its log and what it stores hold none', async () => {
  expect(secretsIn(await lab.server.collectorLog())).toEqual([]);
  expect(filesWithSecrets(join(lab.folder, 'server', 'backups'))).toEqual([]);
  expect(filesWithSecrets(lab.server.keys)).toEqual([]);
});

test('the API is told none but its own key', () => {
  const told = lab.api.requests.map((request) => JSON.stringify(request)).join('\n');

  expect(secretsIn(told.replaceAll(lab.api.apiKey, ''))).toEqual([]);
});

test.each(['ftp', 'webdav'])(
  "Duplicity that says all it does, over %s and in a person's own words, shows none",
  async (scheme) => {
    const [well] = devices;
    const watcher = new ProcessWatcher();
    const words = `collection-status -v 9 --num-retries=1 ${scheme}://user@${lab.server.collector.host}:9/x`;

    const { code, out, err } = await command(lab.environment(MARKED), 'execute', well?.uuid ?? '', words);

    const seen = await watcher.stop();
    const said = `${out}${err}`;
    expect([code, said]).toEqual([1, expect.stringMatching(/Args: .*collection-status/)]);
    expect(secretsIn(said)).toEqual([]);
    expect(seen.filter((line) => secretsIn(line).length > 0)).toEqual([]);
  },
);

test.each([
  { name: 'configuration that is refused', over: { BACKUP_FULL_EVERY: '30d', BACKUP_URL: 'bogus://u:$SCRT_TARGET@h' } },
  { name: 'a second controller', over: {} },
  { name: 'a ledger that cannot be used', over: { STATE_DIR: '/dev/null/x' } },
])('$name says nothing of one', async ({ over }) => {
  const child = startController(lab.environment({ ...MARKED, BACKUP_SSH_KEY: ownKey, ...over }));

  expect(await child.exited).not.toBe(0);

  expect(secretsIn(child.said())).toEqual([]);
});
