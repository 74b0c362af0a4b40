import { join } from 'node:path';
import type { LabDevice } from '../lab/device';
import { type Lab, startLab } from '../lab/lab';
import { type ControllerProcess, type LogLine, startController } from '../support/controller';
import { newSshKey, type SshKey } from '../support/sshkey';

const PORT = 2022;

let lab: Lab;
let device: LabDevice;
/** A server of the user's own, in the namespaces of another machine. */
let server: LabDevice;
let ownKey: SshKey;
let hostKey = '';
/** The key of somebody else. */
let wrongKey = '';
let controller: ControllerProcess | null = null;

beforeAll(async () => {
  lab = await startLab();
  device = await lab.addDevice({
    fleet: lab.addFleet({ name: 'home', tags: { backupEnabled: 'true' } }),
    name: 'kitchen',
  });
  server = await lab.addDevice({ fleet: lab.addFleet({ name: 'servers' }), name: 'server' });
  await device.putFiles('data', { file: 'content' });
  ownKey = await newSshKey(join(lab.folder, 'own'));
  wrongKey = (await newSshKey(join(lab.folder, 'wrong'))).publicKey;
  const options = ['AuthorizedKeysFile=/tmp/authorized', 'StrictModes=no', 'UsePAM=no', 'PidFile=none'];
  const flags = [...options, "'Subsystem=sftp internal-sftp'"].map((option) => `-o ${option}`).join(' ');
  await server.sh(`
    ssh-keygen -q -t ed25519 -N "" -f /tmp/host_key
    mkdir -p /run/sshd /tmp/store-rsync /tmp/store-sftp
    echo '${ownKey.publicKey}' > /tmp/authorized
    /usr/sbin/sshd -f /dev/null -h /tmp/host_key -p ${String(PORT)} ${flags} </dev/null >/dev/null 2>&1
  `);
  hostKey = (await server.sh('cut -d " " -f 1,2 /tmp/host_key.pub')).trim();
});

afterEach(async () => {
  await controller?.stop();
});

afterAll(async () => {
  await lab.stop();
});

let requests = 0;

/** Has a backup made with these variables; gives the line that says how it ended. */
async function backedUp(over: Readonly<Record<string, string>>): Promise<LogLine> {
  controller = startController(lab.environment({ BACKUP_SCHEDULE: '0 0 1 1 *', RECONCILE_INTERVAL: '2s', ...over }));
  await controller.waitFor('the first pass', (line) => line['event'] === 'reconcile.finished');
  requests += 1;
  const slot = `request:${String(requests)}`;
  lab.setTag(device, 'backupRequest', String(requests));
  return controller.waitFor(
    'the end of the run',
    (line) => ['run.failed', 'run.succeeded'].includes(String(line['event'])) && line['slot'] === slot,
  );
}

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
    BACKUP_URL: `${scheme}://root@${server.address}:${String(PORT)}//tmp/store-${scheme}`,
    BACKUP_SSH_KEY: ownKey.privateKey,
  });
  const named = (key: string): string => `[${server.address}]:${String(PORT)} ${key}`;

  test('gets nothing where it shows another host key', async () => {
    const ended = await backedUp({ ...own(), BACKUP_SSH_KNOWN_HOSTS: named(wrongKey) });

    expect(ended).toMatchObject({ event: 'run.failed', failure: { kind: 'store-unavailable' } });
    expect(await server.sh(`ls -A /tmp/store-${scheme}`)).toBe('');
  });

  test("is used with the user's own key where it shows the right one", async () => {
    expect(await backedUp({ ...own(), BACKUP_SSH_KNOWN_HOSTS: named(hostKey) })).toMatchObject({
      event: 'run.succeeded',
    });
    expect(await server.sh(`ls /tmp/store-${scheme}`)).toContain('duplicity-full');
  });
});
