import type { LabFleet } from '../lab/apistate';
import type { LabDevice } from '../lab/device';
import { type Lab, startLab } from '../lab/lab';
import { type ControllerProcess, type LogLine, startController } from '../support/controller';
import { backUp, beginBackup, differences, isEndOf } from '../support/mainjob';

const TAGS = { backupEnabled: 'true', backupSchedule: '@monthly' };

let lab: Lab;
let home: LabFleet;
let device: LabDevice;
let controller: ControllerProcess | null = null;

beforeAll(async () => {
  lab = await startLab();
  home = lab.addFleet({ name: 'home' });
  device = await lab.addDevice({ fleet: home, name: 'kitchen', tags: TAGS });
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
  await controller.waitFor('the device to be seen', is('device.policy.accepted'));
  return controller;
}

function is(event: string): (line: LogLine) => boolean {
  return (line) => line['event'] === event && line['deviceUuid'] === device.uuid;
}

describe('a device', () => {
  it('that is renamed goes on with its chain, under its new name', async () => {
    const running = await started();
    expect(await backUp(lab, running, device, 'first')).toMatchObject({ mode: 'full', deviceName: 'kitchen' });
    lab.api.state.rename(device.uuid, 'larder');
    await device.putFiles('data', { 'after the new name': '1' });

    expect(await backUp(lab, running, device, 'renamed')).toMatchObject({ mode: 'incremental', deviceName: 'larder' });
    expect(differences(lab, device, ['data'])).toEqual([]);
  });

  it('that moves to another fleet goes on with its chain, though its volumes are called differently now', async () => {
    const running = await started();
    expect(await backUp(lab, running, device, 'before the move')).toMatchObject({ event: 'run.succeeded' });
    const garages = lab.addFleet({ name: 'garages' });
    await device.moveTo(garages.id);
    await device.seedVolume('data');
    await device.putFiles('data', { 'after the move': '1' });

    expect(await backUp(lab, running, device, 'after the move')).toMatchObject({ mode: 'incremental' });
    expect(differences(lab, device, ['data'])).toEqual([]);
  });

  it('that moves and begins with an empty volume there loses nothing: its backup is refused until a person wants it', async () => {
    const running = await started();
    expect(await backUp(lab, running, device, 'full of data')).toMatchObject({ event: 'run.succeeded' });
    await device.moveTo(lab.addFleet({ name: 'attics' }).id);
    await device.createVolume('data');

    expect(await backUp(lab, running, device, 'empty')).toMatchObject({
      failure: { kind: 'volume-emptied', names: ['data'] },
    });
    await device.seedVolume('data');
    expect(await backUp(lab, running, device, 'filled again')).toMatchObject({ mode: 'incremental' });
  });

  it('that vanishes while it is backed up is followed to the end, told, and goes on when it is back', async () => {
    const running = await started();
    await beginBackup(lab, running, device, 'vanishing');
    const { fleetId } = device;
    lab.setTag(device, 'backupEnabled', null);

    await running.waitFor('it to be told', is('device.policy.dropped'));
    expect(await running.waitFor('the end', isEndOf(device, 'vanishing'))).toMatchObject({ event: 'run.succeeded' });
    lab.api.state.removeDevice(device.uuid);
    const since = running.lines.length;
    await running.waitFor('a pass without it', (line) => line['devices'] === 0, { since });
    lab.api.state.addDevice({ uuid: device.uuid, fleetId, name: 'is back', tags: { ...TAGS, backupRequest: 'old' } });
    await running.waitFor('it to be back', is('device.policy.accepted'), { since });

    expect(await backUp(lab, running, device, 'is back')).toMatchObject({ mode: 'incremental', deviceName: 'is back' });
  });
});

describe('BACKUP_FLEETS', () => {
  it('leaves other fleets alone, and a fleet that does not exist is told', async () => {
    const other = lab.addFleet({ name: 'others', tags: { backupEnabled: 'true' } });
    const left = lab.api.state.addDevice({ fleetId: other.id, name: 'left alone' });
    const own = lab.addFleet({ name: 'own' });
    await device.moveTo(own.id);

    const running = await started({ BACKUP_FLEETS: `${own.slug},lab/owm` });

    const told = await running.waitFor('the typo', (line) => line['event'] === 'fleet.row.rejected');
    expect(String(told['message'])).toMatch(/the fleet lab\/owm: .*correct BACKUP_FLEETS/);
    expect(running.lines.filter((line) => line['deviceUuid'] === left.uuid)).toEqual([]);
    await device.moveTo(other.id);
    await running.waitFor('the device to be let go', is('device.policy.dropped'));
  });
});
