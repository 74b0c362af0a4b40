import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LabApi, startApi } from '../lab/api';
import { type LabGateway, startGateway } from '../lab/gateway';
import { type ControllerProcess, type LogLine, startController } from '../support/controller';
import { newSshKey } from '../support/sshkey';

/** Nobody behind the gateway is needed: what is stopped is stopped before it. */
let api: LabApi;
let gateway: LabGateway;
let folder = '';
/** The host key of somebody else. */
let wrongKey = '';
let uuids: readonly string[] = [];
let controller: ControllerProcess | null = null;
let requests = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'man in the middle-'));
  api = await startApi();
  gateway = await startGateway({
    keysOf: () => api.keys().map(({ publicKey }) => publicKey),
    isConnected: (uuid) => api.state.isConnected(uuid),
    door: { open: () => null },
  });
  wrongKey = (await newSshKey(join(folder, 'wrong'))).publicKey;
  const fleet = api.state.addFleet({ name: 'home', tags: { backupEnabled: 'true' } });
  uuids = ['first', 'second'].map((name) => api.state.addDevice({ fleetId: fleet.id, name }).uuid);
  for (const uuid of uuids) api.state.setConnected(uuid, true);
});

afterEach(async () => {
  await controller?.stop();
});

afterAll(async () => {
  await gateway.stop();
  await api.stop();
  rmSync(folder, { recursive: true });
});

/** Asks for backups of both devices, which fail, and gives the line that says how the first ended. */
async function tried(gatewayHostKey: string): Promise<LogLine> {
  const running = startController({
    CLI_API_KEY: api.apiKey,
    PASSPHRASE: 'a passphrase of this test',
    BALENA_API_URL: api.url,
    SSH_GATEWAY: `${gateway.host}:${String(gateway.port)}`,
    SSH_GATEWAY_HOST_KEY: gatewayHostKey,
    STATE_DIR: join(folder, 'state'),
    KEYS_DIR: join(folder, 'keys'),
    BACKUP_SCHEDULE: '0 0 1 1 *',
    RECONCILE_INTERVAL: '2s',
  });
  controller = running;
  await running.waitFor('the first pass', (line) => line['event'] === 'reconcile.finished');
  requests += 1;
  const slot = `request:${String(requests)}`;
  for (const uuid of uuids) api.state.setTag(uuid, 'backupRequest', String(requests));
  const ends = uuids.map((uuid) =>
    running.waitFor(
      'the end of a run',
      (line) => line['event'] === 'run.failed' && line['slot'] === slot && line['deviceUuid'] === uuid,
    ),
  );
  const [end] = await Promise.all(ends);
  if (end === undefined) throw new Error('there are two devices');
  return end;
}

test('a gateway with another host key than the pinned one gets nothing, and all runs stop with an alarm', async () => {
  const { channels } = { ...gateway.counts };

  const end = await tried(wrongKey);

  expect(end).toMatchObject({ level: 'error', failure: { kind: 'host-key-changed' } });
  const alarm = await controller?.waitFor('the alarm', (line) => line['event'] === 'credential.refused');
  expect(alarm).toMatchObject({ level: 'error', who: 'ssh' });
  expect(String(alarm?.['message'])).toMatch(/accept-host-key/);
  expect(gateway.counts.channels).toBe(channels);
});

test('a gateway whose host key was remembered and has changed gets nothing either', async () => {
  // The devices behind it cannot be reached, but it let us in.
  expect(await tried('')).toMatchObject({ failure: { kind: 'device-unreachable' } });
  await controller?.stop();
  const known = join(folder, 'state', 'known_hosts');
  expect(readFileSync(known, 'utf8')).toContain(gateway.hostKey);
  writeFileSync(known, readFileSync(known, 'utf8').replace(/ssh-[a-z0-9]* .*/, wrongKey));
  const { channels } = { ...gateway.counts };

  expect(await tried('')).toMatchObject({ failure: { kind: 'host-key-changed' } });

  expect(gateway.counts.channels).toBe(channels);
});

test('our key, removed from the account by somebody, is put back with a warning as soon as it is refused', async () => {
  await tried(gateway.hostKey);
  const [key] = api.keys();
  if (key === undefined) throw new Error('the account has our key');
  api.removeKey(key.id);
  for (const uuid of uuids) api.state.setTag(uuid, 'backupRequest', 'once more');

  const told = await controller?.waitFor('the key to be put back', (line) => line['event'] === 'fleetkey.restored');

  expect(told).toMatchObject({ level: 'warn' });
  expect(api.keys().map(({ publicKey }) => publicKey)).toEqual([key.publicKey]);
});

test('our key whose private half was lost gives way to a new one, and the keys of others stay', async () => {
  await tried(gateway.hostKey);
  await controller?.stop();
  const lost = api.keys().map(({ publicKey }) => publicKey);
  const others = ['ssh-ed25519 AAAA somebody@laptop', 'ssh-ed25519 BBBB balena-backup'];
  others.forEach((publicKey, index) => api.state.addKey(`other ${String(index)}`, publicKey));
  rmSync(join(folder, 'state', 'keys'), { recursive: true });

  // The devices behind the gateway cannot be reached, but it let us in.
  expect(await tried(gateway.hostKey)).toMatchObject({ failure: { kind: 'device-unreachable' } });

  const told = await controller?.waitFor('the new key', (line) => line['event'] === 'fleetkey.registered');
  expect(told).toMatchObject({ removed: 1 });
  const kept = api.keys().map(({ publicKey }) => publicKey);
  expect(kept).toEqual([...others, expect.stringMatching(/ balena-backup$/)]);
  expect(kept).not.toEqual(expect.arrayContaining([...lost]));
});

test('our key that others can read is not used, and a person is told what to do', async () => {
  await tried(gateway.hostKey);
  await controller?.stop();
  chmodSync(join(folder, 'state', 'keys', 'fleet'), 0o640);
  const { connections } = { ...gateway.counts };

  const end = await tried(gateway.hostKey);

  expect(end).toMatchObject({ failure: { kind: 'credential-missing' } });
  expect(String(end['message'])).toMatch(/open to other users \(mode 640\).*chmod go-rwx/);
  expect(gateway.counts.connections).toBe(connections);
});
