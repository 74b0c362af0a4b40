import { join } from 'node:path';
import type { LabDevice } from '../lab/device';
import { type Lab, startLab } from '../lab/lab';
import { type ControllerProcess, startController } from '../support/controller';
import { backUp, beginBackup, differences, isEndOf } from '../support/mainjob';
import { until } from '../support/wait';

let lab: Lab;
let device: LabDevice;
let controller: ControllerProcess | null = null;

beforeAll(async () => {
  lab = await startLab();
  const fleet = lab.addFleet({ name: 'workshop' });
  const tags = { backupEnabled: 'true', backupSchedule: '@monthly' };
  device = await lab.addDevice({ fleet, name: 'bench', tags });
  await device.seedVolume('data');
});

afterEach(async () => {
  await controller?.stop();
  controller = null;
});

afterAll(async () => {
  await lab.stop();
});

async function started(over: Readonly<Record<string, string>>): Promise<ControllerProcess> {
  controller = startController(lab.environment({ RECONCILE_INTERVAL: '2s', ...over }));
  await controller.waitFor('the device to be seen', (line) => line['event'] === 'device.policy.accepted');
  return controller;
}

const WAYS = [
  {
    way: 'tunnel',
    tags: (): Readonly<Record<string, string>> => ({}),
    breakLink: () => {
      lab.tunnel.cut();
      return Promise.resolve('');
    },
  },
  {
    way: 'direct',
    tags: (): Readonly<Record<string, string>> => ({ backupAddress: device.address }),
    breakLink: () => device.sh(`pkill -KILL -f '^sshd: ${lab.api.username}'`),
  },
];

describe.each(WAYS)('the main job, $way', ({ way, tags, breakLink }) => {
  const counted = (running: ControllerProcess, event: string, token: string): number =>
    running.lines.filter((line) => line['event'] === event && line['slot'] === `request:${token}`).length;

  beforeEach(() => {
    for (const [key, value] of Object.entries(tags())) lab.setTag(device, key, value);
  });

  afterEach(() => {
    for (const key of Object.keys(tags())) lab.setTag(device, key, null);
  });

  it('is done: restored by plain Duplicity, byte for byte', async () => {
    const gatewayBefore = lab.gateway.counts.connections;
    const running = await started({ DEVICE_TRANSPORT: way });
    await device.putFiles('data', { 'what came last': way });

    expect(await backUp(lab, running, device, `${way}-first`)).toMatchObject({ event: 'run.succeeded' });
    expect(differences(lab, device, ['data'])).toEqual([]);
    expect(lab.gateway.counts.connections).toBe(gatewayBefore);
    expect(running.lines.find(({ event }) => event === 'transport.connected')).toMatchObject({ transport: way });
  });

  it('goes on over a new link where one is lost, and is told once', async () => {
    const running = await started({ DEVICE_TRANSPORT: way });
    const token = `${way}-lost-link`;
    await beginBackup(lab, running, device, token);
    await breakLink();

    expect(await running.waitFor('the end', isEndOf(device, token))).toMatchObject({ event: 'run.succeeded' });
    expect(counted(running, 'run.started', token)).toBe(1);
    expect(running.lines.filter(({ event }) => event === 'transport.connected')).toHaveLength(2);
    await until('the container to go', async () => ((await device.containers()).length === 0 ? true : null));
  });

  it('is adopted by the next controller when one is killed', async () => {
    const first = await started({ DEVICE_TRANSPORT: way });
    const token = `${way}-killed`;
    await beginBackup(lab, first, device, token);
    first.signal('SIGKILL');
    await first.exited;

    const second = await started({ DEVICE_TRANSPORT: way });
    expect(await second.waitFor('its result', isEndOf(device, token))).toMatchObject({ event: 'run.succeeded' });
    expect(second.lines.filter(({ event }) => event === 'run.started')).toMatchObject([{ adopted: true }]);
    expect(differences(lab, device, ['data'])).toEqual([]);
  });
});

describe('trouble on the way', () => {
  it('with the tunnel server is told by its kind, and over when the tunnel works again', async () => {
    const running = await started({ DEVICE_TRANSPORT: 'tunnel' });
    lab.tunnel.fault = { kind: 'status', status: 407 };
    expect(await backUp(lab, running, device, 'refused')).toMatchObject({
      failure: { kind: 'auth-rejected', who: 'api' },
    });
    lab.tunnel.fault = { kind: 'status', status: 503 };
    expect(await backUp(lab, running, device, 'away')).toMatchObject({
      failure: { kind: 'device-unreachable', phase: 'connect' },
    });
    lab.tunnel.fault = null;
    expect(await backUp(lab, running, device, 'again')).toMatchObject({ event: 'run.succeeded' });
    expect(JSON.stringify(running.lines)).not.toContain(lab.api.apiKey);
  });

  it.each([
    { name: 'as its host key tells', state: 'state', kind: 'host-key-changed' },
    { name: 'as its UUID tells', state: 'new-state', kind: 'device-unreachable' },
  ])('with an address that is another device, $name: nothing is done to that one', async ({ state, kind }) => {
    const fleet = lab.addFleet({ name: `others-${kind}` });
    const other = await lab.addDevice({ fleet, name: 'other' });
    lab.setTag(device, 'backupAddress', other.address);
    const running = await started({ DEVICE_TRANSPORT: 'direct', STATE_DIR: join(lab.folder, state) });

    expect(await backUp(lab, running, device, `wrong-address-${kind}`)).toMatchObject({ failure: { kind } });
    expect(await other.containers()).toEqual([]);

    lab.setTag(device, 'backupAddress', device.address);
    expect(await backUp(lab, running, device, `right-address-${kind}`)).toMatchObject({ event: 'run.succeeded' });
    lab.setTag(device, 'backupAddress', null);
    await other.remove();
  });

  it('on one way takes the next of the list', async () => {
    const running = await started({ DEVICE_TRANSPORT: 'direct,tunnel' });

    expect(await backUp(lab, running, device, 'by-the-list')).toMatchObject({ event: 'run.succeeded' });
    const told = running.lines.filter(({ event }) => String(event).startsWith('transport.'));
    expect(told.slice(0, 2)).toMatchObject([
      { event: 'transport.failed', transport: 'direct' },
      { event: 'transport.connected', transport: 'tunnel' },
    ]);
  });
});
