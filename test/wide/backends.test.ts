import { type Lab, startLab } from '../lab/lab';
import { type ControllerProcess, startController } from '../support/controller';

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

const AZURE = 'DefaultEndpointsProtocol=https;AccountName=a;AccountKey=a2V5;EndpointSuffix=core.windows.net';

describe('a backend that cannot work', () => {
  it('is rejected by the name of the variable that it lacks, before anything runs', async () => {
    const fleet = lab.addFleet({ name: 'lacking-a-variable' });
    const tags = { backupEnabled: 'true', backupUrl: 'azure://box' };
    const device = await lab.addDevice({ fleet, name: 'lacking', tags });
    controller = startController(lab.environment({ BACKUP_SCHEDULE: '* * * * * *' }));

    const line = await controller.waitFor('the rejection', (each) => each['event'] === 'device.policy.rejected');

    expect(JSON.stringify(line)).toContain('azure:// needs AZURE_CONNECTION_STRING');
    expect(await device.containers()).toEqual([]);
    await device.remove();
  });

  it('is found out by asking the image, in seconds, and not tried again before the next slot', async () => {
    const fleet = lab.addFleet({ name: 'lacking-a-module' });
    const tags = { backupEnabled: 'true', backupUrl: 'azure://box' };
    const device = await lab.addDevice({ fleet, name: 'lacking', tags });
    await device.seedVolume('data');
    controller = startController(lab.environment({ BACKUP_SCHEDULE: '@monthly', AZURE_CONNECTION_STRING: AZURE }));
    await controller.waitFor('the device to be seen', (each) => each['event'] === 'device.policy.accepted');
    lab.setTag(device, 'backupRequest', 'now');

    const started = await controller.waitFor('the run in its container', (each) => each['phase'] === 'running');
    const line = await controller.waitFor('the failure', (each) => each['event'] === 'run.failed');

    expect(line).toMatchObject({ failure: { kind: 'image-lacking', names: ['azure.storage.blob'] }, level: 'error' });
    expect(Date.parse(String(line['time'])) - Date.parse(String(started['time']))).toBeLessThan(15_000);
    expect(controller.lines.some((each) => each['event'] === 'run.backoff.scheduled')).toBe(false);
    await device.remove();
  });
});
