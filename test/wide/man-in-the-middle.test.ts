import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabDevice } from '../lab/device';
import { type Lab, startLab } from '../lab/lab';
import { runProgram } from '../lab/process';
import { type ControllerProcess, type LogLine, startController } from '../support/controller';
import { newSshKey } from '../support/sshkey';

let lab: Lab;
let device: LabDevice;
let neighbour: LabDevice;
/** The key of somebody else. */
let wrongKey = '';
let controller: ControllerProcess | null = null;

beforeAll(async () => {
  lab = await startLab();
  const fleet = lab.addFleet({ name: 'home', tags: { backupEnabled: 'true' } });
  device = await lab.addDevice({ fleet, name: 'first' });
  neighbour = await lab.addDevice({ fleet, name: 'second' });
  for (const each of [device, neighbour]) await each.putFiles('data', { file: 'content' });
  wrongKey = (await newSshKey(join(lab.folder, 'wrong'))).publicKey;
});

afterEach(async () => {
  await controller?.stop();
});

afterAll(async () => {
  await lab.stop();
});

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
