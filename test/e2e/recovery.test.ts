import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { differencesOf } from '../demo/proofs';
import { type Lab, startLab } from '../lab/lab';
import { type ControllerProcess, type LogLine, startController } from '../support/controller';
import { treeOf } from '../support/tree';

/** What a person would type, in order. */
const COMMANDS = [...readFileSync(join(__dirname, '../../docs/recovery.md'), 'utf8').matchAll(/```sh\n(.*?)```/gs)]
  .map(([, block = '']) => block)
  .join('\n');

let lab: Lab;
let controller: ControllerProcess | null = null;

beforeAll(async () => {
  lab = await startLab();
});

afterEach(async () => {
  await controller?.stop();
});

afterAll(async () => {
  await lab.stop();
});

test.each([
  { mode: 'shared', path: '/$UUID' },
  { mode: 'per-device', path: '' },
])('docs/recovery.md brings back what was stored with a $mode passphrase in /backups$path', async ({ mode, path }) => {
  const fleet = lab.addFleet({ name: `fleet-${mode}` });
  const device = await lab.addDevice({ fleet, name: mode, tags: { backupEnabled: 'true' } });
  await device.seedVolume('data');
  await device.putFiles('more', { file: 'text\n' });
  const { host, port } = lab.server.collector;
  controller = startController(
    lab.environment({
      PASSPHRASE_MODE: mode,
      BACKUP_URL: `rsync://root@${host}:${String(port)}//backups${path}`,
    }),
  );
  const isAbout = (event: string) => (line: LogLine) => line['event'] === event && line['deviceUuid'] === device.uuid;
  await controller.waitFor('the device to be seen', isAbout('device.policy.accepted'));
  lab.setTag(device, 'backupRequest', 'now');
  await controller.waitFor('a backup', isAbout('run.succeeded'));
  await controller.stop();
  const work = mkdtempSync(join(tmpdir(), 'recovery-'));
  mkdirSync(join(work, 'home'), { mode: 0o700 });
  const env = {
    PATH: '/usr/bin:/bin',
    HOME: join(work, 'home'),
    PASSPHRASE: lab.passphrase,
    MODE: mode,
    UUID: device.uuid,
    TARGET: `file://${lab.storeOf(device)}`,
    FILES: lab.collectorFiles(device)[0] ?? '',
    VOLUME: 'more/file',
  };

  const { status, stdout, stderr } = spawnSync('sh', ['-eu'], { cwd: work, env, input: COMMANDS, encoding: 'utf8' });

  expect({ status, said: status === 0 ? '' : `${stdout}${stderr}` }).toEqual({ status: 0, said: '' });
  expect(stdout).toContain('more/file');
  expect(readdirSync(join(work, 'restored')).sort()).toEqual(['data', 'more']);
  for (const volume of ['data', 'more']) {
    expect(differencesOf(treeOf(device.volumePath(volume)), treeOf(join(work, 'restored', volume)))).toEqual([]);
  }
  expect(readFileSync(join(work, 'one'), 'utf8')).toBe('text\n');
  rmSync(work, { recursive: true });
  await device.remove();
});
