import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { differencesOf } from '../demo/proofs';
import type { LabDevice } from '../lab/device';
import { type Lab, startLab } from '../lab/lab';
import { runProgram } from '../lab/process';
import { newKeyPair } from '../lab/sshserver';
import { command, type CommandResult } from '../support/command';
import { type ControllerProcess, startController } from '../support/controller';
import { startInTerminal } from '../support/pty';
import { restoreWithDuplicity } from '../support/duplicity';
import { treeOf } from '../support/tree';

let lab: Lab;
let device: LabDevice;
let office: LabDevice;
let controller: ControllerProcess | null = null;

beforeAll(async () => {
  lab = await startLab();
  const fleet = lab.addFleet({ name: 'home', tags: { backupSchedule: '@monthly' } });
  device = await lab.addDevice({ fleet, name: 'kitchen', tags: { backupEnabled: 'true' } });
  office = await lab.addDevice({ fleet, name: 'office' });
  await device.putFiles('data', { file: 'content' });
  await office.seedVolume('data');
  await started();
});

afterAll(async () => {
  await controller?.stop();
  await lab.stop();
});

/** The gateway's key is not pinned: what is remembered of it counts. */
const UNPINNED = { SSH_GATEWAY_HOST_KEY: '' };

async function started(over: Readonly<Record<string, string>> = {}): Promise<ControllerProcess> {
  await controller?.stop();
  controller = startController(lab.environment({ RECONCILE_INTERVAL: '1h', ...over }));
  await controller.waitFor('the first pass', (line) => line['event'] === 'reconcile.finished');
  return controller;
}

function call(words: readonly string[], over: Readonly<Record<string, string>> = {}): Promise<CommandResult> {
  return command(lab.environment(over), ...words);
}

interface Told {
  readonly what: string;
  readonly state: string;
  readonly why: string;
  readonly fix: string | null;
}

async function examined(
  over: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number | null; readonly checks: readonly Told[] }> {
  const { code, out, err } = await call(['doctor', '--output', 'json'], over);
  expect(err).toBe('');
  const { checks } = JSON.parse(out) as { readonly checks: readonly Told[] };
  return { code, checks };
}

const isBad = ({ state }: Told): boolean => state === 'bad';

describe('doctor', () => {
  it('finds all well in a fleet that works', async () => {
    const { code, checks } = await examined();

    expect(checks.filter(({ state }) => state !== 'ok')).toEqual([]);
    expect(code).toBe(0);
    expect(new Set(checks.map(({ what }) => what))).toEqual(
      new Set([
        ...['settings', 'STATE_DIR', 'controller', 'KEYS_DIR', 'clock', 'API', 'fleet key', 'gateway'],
        ...['collector', 'image', 'tags'],
      ]),
    );
  });

  it('tries the tunnel and a direct way on a device', async () => {
    lab.setTag(device, 'backupAddress', `${device.address}:${String(device.sshPort)}`);

    const { code, checks } = await examined({ DEVICE_TRANSPORT: 'tunnel,direct' });
    lab.setTag(device, 'backupAddress', null);

    expect(code).toBe(0);
    const ways = checks.filter(({ what }) => ['tunnel', 'direct'].includes(what));
    expect(ways.map(({ why }) => why)).toEqual(Array(2).fill(expect.stringContaining(`${device.uuid}.balena:22222`)));
  });

  it.each([
    {
      name: 'an API key that is refused',
      over: () => ({ CLI_API_KEY: 'wrong' }),
      what: ['API', 'fleet key', 'gateway'],
    },
    { name: 'a gateway that is another', over: () => ({ SSH_GATEWAY_HOST_KEY: wrongKey }), what: ['gateway'] },
    { name: 'a gateway that is not there', over: () => ({ SSH_GATEWAY: '127.0.0.1:1' }), what: ['gateway'] },
    { name: 'a collector that is another', over: () => ({ COLLECTOR_HOST_KEY: wrongKey }), what: ['collector'] },
    { name: 'a collector that is not there', over: () => ({ BACKUP_URL: NOWHERE }), what: ['collector'] },
    { name: 'an image that was never pushed', over: () => ({ DOCKER_IMAGE: `${imageName()}:none` }), what: ['image'] },
  ])('tells of $name', async ({ over, what }) => {
    const { code, checks } = await examined(over());

    expect(code).toBe(1);
    expect(checks.filter(isBad).map((check) => check.what)).toEqual(what);
    expect(checks.filter(isBad).every(({ fix }) => fix !== null)).toBe(true);
  });

  it('fits the terminal, in colours unless somebody wants none', async () => {
    const coloured = startInTerminal(lab.environment(), 80, 'doctor');
    const plain = startInTerminal(lab.environment({ NO_COLOR: '1' }), 80, 'doctor');
    expect(await Promise.all([coloured.ended, plain.ended])).toEqual([0, 0]);

    expect(coloured.shown()).toContain('\u001b[32mok\u001b[0m');
    expect(plain.shown()).not.toContain('\u001b[3');
    const lines = plain
      .shown()
      .replaceAll('\u001b[K', '')
      .split(/[\r\n]+/);
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });

  it('tells of tags that are not read, and of one that cannot be', async () => {
    lab.setTag(office, 'backupenabled', 'true');
    lab.setTag(device, 'backupSchedule', 'often');

    const { code, checks } = await examined();
    lab.setTag(office, 'backupenabled', null);
    lab.setTag(device, 'backupSchedule', null);

    expect(code).toBe(1);
    expect(checks.filter(isBad).map(({ what, why }) => `${what}: ${why}`)).toEqual([
      expect.stringMatching(/^tags: the tag "backupenabled" of device \S+ \(office\) is not read/),
      expect.stringMatching(/^tags: device \S+ \(kitchen\) is not backed up: the device's tag backupSchedule/),
    ]);
  });

  it('tells of a key that lies open, and of one that is gone from the account', async () => {
    const key = join(lab.folder, 'state', 'keys', 'fleet');
    const [registered] = lab.api.keys();
    if (registered === undefined) throw new Error('the account has our key');
    chmodSync(key, 0o640);
    const open = await examined();
    chmodSync(key, 0o600);
    lab.api.removeKey(registered.id);
    const gone = await examined();
    await started();

    expect([open, gone].map(({ code }) => code)).toEqual([1, 1]);
    expect(open.checks.find(isBad)).toMatchObject({ what: 'STATE_DIR', fix: expect.stringContaining(key) as string });
    expect(gone.checks.filter(isBad).map(({ what }) => what)).toEqual(['fleet key', 'gateway']);
    expect((await examined()).code).toBe(0);
  });
});

const wrongKey = newKeyPair().publicKey;
const NOWHERE = 'rsync://root@127.0.0.1:1//backups/$UUID';

function imageName(): string {
  return (lab.environment()['DOCKER_IMAGE'] ?? '').replace(/:[^:/]*$/, '');
}

describe('passphrase', () => {
  it('opens what a device has stored to plain Duplicity, and no other device does', async () => {
    const perDevice = { PASSPHRASE_MODE: 'per-device' };
    expect(await call(['backup', 'office'], perDevice)).toMatchObject({ code: 0 });
    const [own, others] = await Promise.all([
      call(['passphrase', office.uuid], perDevice),
      call(['passphrase', device.uuid], perDevice),
    ]);

    expect([own.code, own.err]).toEqual([0, '']);
    expect(() => restoreWithDuplicity(lab.storeOf(office), others.out.trimEnd())).toThrow(/could not restore/);
    const restored = restoreWithDuplicity(lab.storeOf(office), own.out.trimEnd());
    const differences = differencesOf(treeOf(office.volumePath('data')), treeOf(join(restored.folder, 'data')));
    restored.remove();

    expect(differences).toEqual([]);
  });
});

describe('passphrase as it is given', () => {
  it.each(['two  words ', '"$HOME" `id` \\n', 'zero\u200dwidth\ttab', 'käse'])('is %j', async (PASSPHRASE) => {
    expect((await call(['passphrase', device.uuid], { PASSPHRASE })).out).toBe(`${PASSPHRASE}\n`);
  });
});

describe('accept-host-key', () => {
  it('has runs go on after the gateway has got another key', async () => {
    const { host, port, hostKey } = lab.gateway;
    const gateway = `${host}:${String(port)}`;
    const known = join(lab.folder, 'state', 'known_hosts');
    const running = await started(UNPINNED);
    expect((await call(['backup', 'kitchen'], UNPINNED)).code).toBe(0);
    expect(readFileSync(known, 'utf8')).toContain(hostKey);
    await runProgram('sed', ['-i', `s#ssh-[a-z0-9]* .*#${wrongKey}#`, known]);
    lab.setTag(device, 'backupRequest', 'again');
    expect((await call(['resync'])).code).toBe(0);
    await running.waitFor('the alarm', (line) => line['event'] === 'credential.refused');
    const told = (await examined(UNPINNED)).checks.find(isBad);
    expect(told).toMatchObject({
      what: 'gateway',
      fix: expect.stringContaining(`accept-host-key ${gateway}`) as string,
    });

    const unsure = await call(['accept-host-key', gateway], UNPINNED);
    const pinned = await call(['accept-host-key', gateway, '--yes'], { SSH_GATEWAY_HOST_KEY: wrongKey });
    const accepted = await call(['accept-host-key', gateway, '--yes'], UNPINNED);

    expect([unsure.code, pinned.code, accepted.code]).toEqual([5, 5, 0]);
    expect(pinned.err).toContain(`SSH_GATEWAY_HOST_KEY=${hostKey}`);
    expect(readFileSync(known, 'utf8')).toContain(hostKey);
    expect((await call(['resync'])).code).toBe(0);
    await running.waitFor('the run', (line) => line['event'] === 'run.succeeded' && line['slot'] === 'request:again');
    expect((await examined(UNPINNED)).code).toBe(0);
  });
});
