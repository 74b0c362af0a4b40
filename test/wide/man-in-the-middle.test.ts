import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabDevice } from '../lab/device';
import { type Lab, startLab } from '../lab/lab';
import { runProgram } from '../lab/process';
import { type ControllerProcess, type LogLine, startController } from '../support/controller';

const OWN_PORT = 2022;

let lab: Lab;
let device: LabDevice;
let neighbour: LabDevice;
/** A server of the user's own, in the namespaces of another machine. */
let ownServer: LabDevice;
let ownKey = '';
let ownHostKey = '';
/** The key of somebody else. */
let wrongKey = '';
let controller: ControllerProcess | null = null;

beforeAll(async () => {
  lab = await startLab();
  const fleet = lab.addFleet({ name: 'home', tags: { backupEnabled: 'true' } });
  device = await lab.addDevice({ fleet, name: 'first' });
  neighbour = await lab.addDevice({ fleet, name: 'second' });
  ownServer = await lab.addDevice({ fleet: lab.addFleet({ name: 'servers' }), name: 'server' });
  for (const each of [device, neighbour]) await each.putFiles('data', { file: 'content' });
  ownKey = await newKey('own');
  wrongKey = await publicHalf('wrong');
  await ownServer.sh(
    'ssh-keygen -q -t ed25519 -N "" -f /tmp/host_key; mkdir -p /run/sshd /tmp/store-rsync /tmp/store-sftp',
  );
  await ownServer.sh(`echo '${await publicHalf('own')}' > /tmp/authorized`);
  const options = ['AuthorizedKeysFile=/tmp/authorized', 'StrictModes=no', 'UsePAM=no', 'PidFile=none'];
  const flags = [...options, "'Subsystem=sftp internal-sftp'"].map((option) => `-o ${option}`).join(' ');
  await ownServer.sh(
    `/usr/sbin/sshd -f /dev/null -h /tmp/host_key -p ${String(OWN_PORT)} ${flags} </dev/null >/dev/null 2>&1`,
  );
  ownHostKey = (await ownServer.sh('cut -d " " -f 1,2 /tmp/host_key.pub')).trim();
});

afterEach(async () => {
  await controller?.stop();
});

afterAll(async () => {
  await lab.stop();
});

async function newKey(name: string): Promise<string> {
  const file = join(lab.folder, name);
  await runProgram('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', file]);
  return readFileSync(file, 'utf8');
}

async function publicHalf(name: string): Promise<string> {
  const file = join(lab.folder, name);
  await runProgram('sh', ['-c', 'test -f "$1" || ssh-keygen -q -t ed25519 -N "" -f "$1"', 'sh', file]);
  return readFileSync(`${file}.pub`, 'utf8').trim().split(' ').slice(0, 2).join(' ');
}

let requests = 0;

/** Has backups of both devices made with these variables; gives the line that says how the first device's ended. */
async function backedUp(over: Readonly<Record<string, string>>): Promise<LogLine> {
  const running = startController(lab.environment({ BACKUP_SCHEDULE: '0 0 1 1 *', RECONCILE_INTERVAL: '2s', ...over }));
  controller = running;
  await running.waitFor('the first pass', (line) => line['event'] === 'reconcile.finished');
  requests += 1;
  const slot = `request:${String(requests)}`;
  for (const each of [device, neighbour]) lab.setTag(each, 'backupRequest', String(requests));
  const endOf = ({ uuid, name }: LabDevice): Promise<LogLine> =>
    running.waitFor(
      `the end of a run of ${name}`,
      (line) =>
        ['run.failed', 'run.succeeded'].includes(String(line['event'])) &&
        line['slot'] === slot &&
        line['deviceUuid'] === uuid,
    );
  await endOf(neighbour);
  return endOf(device);
}

test('a gateway with another host key than the pinned one gets nothing, and all runs stop with an alarm', async () => {
  const channels = lab.gateway.counts.channels;

  const ended = await backedUp({ SSH_GATEWAY_HOST_KEY: wrongKey });

  expect(ended).toMatchObject({ event: 'run.failed', level: 'error', failure: { kind: 'host-key-changed' } });
  const alarm = await controller?.waitFor('the alarm', (line) => line['event'] === 'credential.refused');
  expect(alarm).toMatchObject({ level: 'error', who: 'ssh' });
  expect(String(alarm?.['message'])).toMatch(/accept-host-key/);
  expect(lab.gateway.counts.channels).toBe(channels);
});

test('a gateway whose host key was remembered and has changed gets nothing either', async () => {
  expect(await backedUp({ SSH_GATEWAY_HOST_KEY: '' })).toMatchObject({ event: 'run.succeeded' });
  await controller?.stop();
  const known = join(lab.folder, 'state', 'known_hosts');
  expect(readFileSync(known, 'utf8')).toContain(lab.gateway.hostKey);
  await runProgram('sed', ['-i', `s#ssh-[a-z0-9]* .*#${wrongKey}#`, known]);
  const channels = lab.gateway.counts.channels;

  expect(await backedUp({ SSH_GATEWAY_HOST_KEY: '' })).toMatchObject({ failure: { kind: 'host-key-changed' } });

  expect(lab.gateway.counts.channels).toBe(channels);
});

test('a collector with another host key gets nothing', async () => {
  const log = await lab.server.collectorLog();

  expect(await backedUp({ COLLECTOR_HOST_KEY: wrongKey })).toMatchObject({
    event: 'run.failed',
    failure: { kind: 'store-unavailable' },
  });

  expect((await lab.server.collectorLog()).slice(log.length)).not.toMatch(/serving/);
});

describe.each(['rsync', 'sftp'])("the user's own server over %s", (scheme) => {
  const own = (): Readonly<Record<string, string>> => ({
    BACKUP_URL: `${scheme}://root@${ownServer.address}:${String(OWN_PORT)}//tmp/store-${scheme}`,
    BACKUP_SSH_KEY: ownKey,
  });
  const named = (key: string): string => `[${ownServer.address}]:${String(OWN_PORT)} ${key}`;

  test('gets nothing where it shows another host key', async () => {
    const ended = await backedUp({ ...own(), BACKUP_SSH_KNOWN_HOSTS: named(wrongKey) });

    expect(ended).toMatchObject({ event: 'run.failed', failure: { kind: 'store-unavailable' } });
    expect(await ownServer.sh(`ls -A /tmp/store-${scheme}`)).toBe('');
  });

  test("is used with the user's own key where it shows the right one", async () => {
    expect(await backedUp({ ...own(), BACKUP_SSH_KNOWN_HOSTS: named(ownHostKey) })).toMatchObject({
      event: 'run.succeeded',
    });
    expect(await ownServer.sh(`ls /tmp/store-${scheme}`)).toContain('duplicity-full');
  });
});

test('our key, removed from the account by somebody, is put back with a warning as soon as it is refused', async () => {
  expect(await backedUp({})).toMatchObject({ event: 'run.succeeded' });
  const [key] = lab.api.keys();
  if (key === undefined) throw new Error('the account has our key');
  lab.api.removeKey(key.id);
  requests += 1;
  lab.setTag(device, 'backupRequest', String(requests));

  const told = await controller?.waitFor('the key to be put back', (line) => line['event'] === 'fleetkey.restored');

  expect(told).toMatchObject({ level: 'warn' });
  expect(lab.api.keys().map(({ publicKey }) => publicKey)).toEqual([key.publicKey]);
});
