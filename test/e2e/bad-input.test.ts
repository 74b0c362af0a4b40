import { randomBytes } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { LabDevice } from '../lab/device';
import { type Lab, startLab } from '../lab/lab';
import { type ControllerProcess, type LogLine, startController } from '../support/controller';
import { restoreWithDuplicity } from '../support/duplicity';
import { until } from '../support/wait';

let lab: Lab;
let device: LabDevice;
let controller: ControllerProcess | null = null;

beforeAll(async () => {
  lab = await startLab();
  const fleet = lab.addFleet({ name: 'home' });
  device = await lab.addDevice({ fleet, name: 'good', tags: { backupEnabled: 'true', backupSchedule: '@monthly' } });
  await device.seedVolume('data');
});

afterEach(async () => {
  await controller?.stop();
  controller = null;
});

afterAll(async () => {
  await lab.stop();
});

async function started(over: Readonly<Record<string, string>> = {}): Promise<ControllerProcess> {
  controller = startController(lab.environment({ RECONCILE_INTERVAL: '2s', ...over }));
  await controller.waitFor('the first pass', (line) => line['event'] === 'reconcile.finished');
  return controller;
}

function isOf(uuid: string, ...events: readonly string[]): (line: LogLine) => boolean {
  return (line) => line['deviceUuid'] === uuid && events.includes(String(line['event']));
}

async function backUp(running: ControllerProcess, token: string): Promise<LogLine> {
  lab.setTag(device, 'backupRequest', token);
  const isEnd = isOf(device.uuid, 'run.succeeded', 'run.failed');
  return running.waitFor(`the end of ${token}`, (line) => isEnd(line) && line['slot'] === `request:${token}`);
}

/** What makes a device's policy bad, and what its line in the log must say. */
const BAD_TAGS: readonly { name: string; tags: Readonly<Record<string, string>>; says: RegExp }[] = [
  { name: 'cron', tags: { backupSchedule: '61 * * * *' }, says: /minute field "61 ?.*0 to 59/ },
  { name: 'cron fields', tags: { backupSchedule: '* * *' }, says: /has 3 fields; write 5/ },
  { name: 'never runs', tags: { backupSchedule: '0 0 30 2 *' }, says: /does not come within 8 years/ },
  { name: 'zone', tags: { backupTimezone: 'Europe/Berlim' }, says: /not a time zone; did you mean Europe\/Berlin/ },
  { name: 'scheme', tags: { backupUrl: 'rsynk://h//backups/$UUID' }, says: /not a scheme.*did you mean rsync/ },
  { name: 'dead scheme', tags: { backupUrl: 'cf+http://container' }, says: /cannot be used: .*swift/ },
  {
    name: 'unknown variable',
    tags: { backupUrl: 's3://$BUKET/$UUID' },
    says: /\$BUKET is not set.*did you mean \$BUCKET/,
  },
  { name: 'forbidden variable', tags: { backupUrl: 'ftp://u:$PASSPHRASE@h/x' }, says: /\$PASSPHRASE may not be used/ },
  { name: 'credential of a backend', tags: { backupUrl: 'sftp://h/$AWS_SECRET_ACCESS_KEY' }, says: /may not be used/ },
  { name: 'no URL', tags: { backupUrl: 'backups' }, says: /there is no URL in it/ },
  { name: 'quotes', tags: { backupUrl: '"rsync://h//x' }, says: /quote/ },
  { name: 'option', tags: { backupUrl: '--rsync-options=x rsync://h//x' }, says: /may not come from a tag/ },
  { name: 'volume with a shell in it', tags: { backupVolumes: '$(reboot)' }, says: /is not a volume name/ },
  { name: 'volume of another fleet', tags: { backupVolumes: '77_data' }, says: /like a volume of another fleet/ },
  { name: 'all and more', tags: { backupVolumes: 'all,data' }, says: /all means every volume and stands alone/ },
  { name: 'interval', tags: { backupFullEvery: '30d' }, says: /did you mean 30D/ },
  { name: 'keep', tags: { backupKeepFull: '0' }, says: /whole number from 1/ },
  { name: 'bandwidth', tags: { backupBandwidth: 'fast' }, says: /not an amount of bytes/ },
  { name: 'address', tags: { backupAddress: '-oProxyCommand=x' }, says: /is not an address/ },
  { name: 'request', tags: { backupRequest: 'two\nlines' }, says: /cannot be a request/ },
];

describe('tags that cannot be read', () => {
  it('are each told with what to do, at one time, and stop no other device', async () => {
    const fleet = lab.addFleet({ name: 'bad' });
    const added = BAD_TAGS.map(({ name, tags, says }) => {
      const all = { backupEnabled: 'true', ...tags };
      return { name, says, ...lab.api.state.addDevice({ fleetId: fleet.id, name, tags: all }) };
    });
    const typo = lab.api.state.addDevice({ fleetId: fleet.id, name: 'typo', tags: { backupEnabled: 'yes' } });
    const shared = ['first', 'second'].map((name) => {
      const tags = { backupEnabled: 'true', backupUrl: 'rsync://h//backups/common' };
      return lab.api.state.addDevice({ fleetId: fleet.id, name, tags });
    });

    const running = await started({ BUCKET: 'bucket', AWS_SECRET_ACCESS_KEY: 'hush-hush-hush' });

    for (const { uuid, says } of added) {
      const line = await running.waitFor('the rejection', isOf(uuid, 'device.policy.rejected'));
      expect(String(line['message'])).toMatch(says);
    }
    const dropped = await running.waitFor('the typo', isOf(typo.uuid, 'device.policy.dropped'));
    expect(String(dropped['message'])).toMatch(/"yes" is neither true nor false/);
    for (const { uuid } of shared) {
      // Without their own UUID in the path each gets a prefix of its own, and is accepted.
      await running.waitFor('the prefix', isOf(uuid, 'device.policy.accepted'));
    }
    expect(await backUp(running, 'beside-bad-ones')).toMatchObject({ event: 'run.succeeded' });
    expect(JSON.stringify(running.lines)).not.toContain('hush-hush-hush');
    for (const { uuid } of [...added, typo, ...shared]) lab.api.state.removeDevice(uuid);
  });

  it('two devices on one target are both rejected, by name', async () => {
    const fleet = lab.addFleet({ name: 'rivals' });
    const [north, south] = ['a'.repeat(32), 'b'.repeat(32)] as const;
    const tags = { backupEnabled: 'true', backupUrl: `rsync://h//backups --file-prefix=${north}-${south}` };
    lab.api.state.addDevice({ fleetId: fleet.id, name: 'north', uuid: north, tags });
    lab.api.state.addDevice({ fleetId: fleet.id, name: 'south', uuid: south, tags });
    const running = await started();

    const line = await running.waitFor('the rejection', isOf(north, 'device.policy.rejected'));
    expect(String(line['message'])).toMatch(/also that of "south".*destroy each other/);
    await running.waitFor('the other rejection', isOf(south, 'device.policy.rejected'));
    for (const uuid of [north, south]) lab.api.state.removeDevice(uuid);
  });
});

describe('a device that cannot be backed up', () => {
  it('says which volume is missing, and makes none', async () => {
    const running = await started();
    lab.setTag(device, 'backupVolumes', 'nosuch');
    await running.waitFor(
      'the change',
      (line) => isOf(device.uuid, 'device.policy.accepted')(line) && /nosuch/.test(String(line['message'])),
    );

    expect(await backUp(running, 'missing')).toMatchObject({
      event: 'run.failed',
      failure: { kind: 'volume-missing', names: ['nosuch'] },
    });
    expect(await device.docker(['volume', 'ls', '--quiet'])).not.toMatch(/nosuch/);
    lab.setTag(device, 'backupVolumes', null);
  });

  it('without any volume says so', async () => {
    const fleet = lab.addFleet({ name: 'bare' });
    const bare = await lab.addDevice({
      fleet,
      name: 'bare',
      tags: { backupEnabled: 'true', backupSchedule: '*/5 * * * * *' },
    });
    const running = await started();

    const line = await running.waitFor('the failure', isOf(bare.uuid, 'run.failed'));
    expect(line).toMatchObject({ failure: { kind: 'volumes-none' } });
    lab.setTag(bare, 'backupEnabled', null);
    await running.waitFor('it to be let go', isOf(bare.uuid, 'device.policy.dropped'));
    await bare.remove();
  });

  it('refuses a volume that is empty now and was not in the last good run', async () => {
    const running = await started();
    await device.putFiles('fragile', { file: 'content' });
    expect(await backUp(running, 'before')).toMatchObject({ event: 'run.succeeded' });
    rmSync(join(device.volumePath('fragile'), 'file'));

    expect(await backUp(running, 'emptied')).toMatchObject({ failure: { kind: 'volume-emptied', names: ['fragile'] } });
    await device.putFiles('fragile', { file: 'content' });
  });

  it('refuses a passphrase that is not the one of its chain', async () => {
    const right = await started();
    expect(await backUp(right, 'right passphrase')).toMatchObject({ event: 'run.succeeded' });
    await right.stop();
    const wrong = await started({ PASSPHRASE: 'another passphrase' });

    const line = await backUp(wrong, 'wrong passphrase');
    expect(line).toMatchObject({ failure: { kind: 'passphrase-wrong' } });
    expect(String(line['message'])).toMatch(/Set PASSPHRASE back, or start a new chain/);
  });

  it('that is offline waits, and runs soon after it is back', async () => {
    device.cutLink();
    lab.setTag(device, 'backupRequest', 'while offline');
    const running = await started();
    const held = await running.waitFor('the wait', isOf(device.uuid, 'device.held'));
    expect(held).toMatchObject({ reason: 'offline' });

    device.mendLink();
    await running.waitFor(
      'the run',
      (line) => isOf(device.uuid, 'run.succeeded')(line) && line['slot'] === 'request:while offline',
    );
  });

  it('begins a new chain with another passphrase where that was asked for, and spoils the former one not', async () => {
    const before = await started();
    expect(await backUp(before, 'former passphrase')).toMatchObject({ event: 'run.succeeded' });
    await before.stop();
    const at = String(Math.floor(Date.now() / 1000));
    await device.putFiles('data', { changed: 'since' });

    const after = await started({ PASSPHRASE: 'another passphrase', BACKUP_PASSPHRASE_CHANGE: 'new-chain' });

    expect(await backUp(after, 'new chain')).toMatchObject({ event: 'run.succeeded', mode: 'full' });
    expect(await backUp(after, 'added to it')).toMatchObject({ event: 'run.succeeded', mode: 'incremental' });
    for (const [passphrase, options] of [
      ['another passphrase', []],
      [lab.passphrase, [`--time=${at}`]],
    ] as const) {
      const restored = restoreWithDuplicity(lab.storeOf(device), passphrase, options);
      expect(existsSync(join(restored.folder, 'data', 'changed'))).toBe(passphrase !== lab.passphrase);
      restored.remove();
    }
  });
});

describe('a run that takes too long', () => {
  it('is ended by the device itself, though its controller is dead, and told by the next one', async () => {
    const target = `${lab.environment()['BACKUP_URL'] ?? ''}/late`;
    const limits = { RUN_TIMEOUT: '15s', BACKUP_BANDWIDTH: '20K', BACKUP_URL: target };
    await device.putFiles('data', { large: randomBytes(3_000_000).toString('base64') });
    const running = await started(limits);
    lab.setTag(device, 'backupRequest', 'too-long');
    const isRunning = isOf(device.uuid, 'run.progressed');
    await running.waitFor('the run', (line) => isRunning(line) && line['phase'] === 'running');
    running.signal('SIGKILL');
    await running.exited;

    await until('the container to end', async () =>
      (await device.containers()).some(({ state }) => state === 'exited') ? true : null,
    );
    const next = await started(limits);
    const told = await next.waitFor('its end', isOf(device.uuid, 'run.failed'));

    expect(told).toMatchObject({ slot: 'request:too-long', failure: { kind: 'timed-out', phase: 'the run' } });
  });
});
