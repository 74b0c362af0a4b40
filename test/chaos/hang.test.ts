import type { LabDevice } from '../lab/device';
import { type Lab, startLab } from '../lab/lab';
import { type ControllerProcess, type LogLine, startController } from '../support/controller';

let lab: Lab;
let device: LabDevice;
let controller: ControllerProcess;

beforeAll(async () => {
  lab = await startLab();
  const fleet = lab.addFleet({ name: 'home' });
  device = await lab.addDevice({ fleet, name: 'kitchen', tags: { backupEnabled: 'true', backupSchedule: '@monthly' } });
  await device.seedVolume('data');
  controller = startController(lab.environment({ RECONCILE_INTERVAL: '2s' }));
  await controller.waitFor('the first pass', (line) => line['event'] === 'reconcile.finished');
});

afterAll(async () => {
  await controller.stop();
  await lab.stop();
});

const PATIENCE_MS = 150_000;

const isOf = (event: string) => (line: LogLine) => line['event'] === event && line['deviceUuid'] === device.uuid;

test('a device whose engine hangs is told after a minute, keeps no run, and is backed up once it goes on', async () => {
  await device.sh('kill -STOP $(cat /run/docker.pid)');
  lab.setTag(device, 'backupRequest', 'now');

  const failed = await controller.waitFor('the failure', isOf('run.failed'), { deadlineMs: PATIENCE_MS });
  expect(String(failed['message'])).toContain(
    'the engine of the device does not answer; if it stays so, restart the device',
  );
  await device.sh('kill -CONT $(cat /run/docker.pid)');
  const succeeded = await controller.waitFor('the backup', isOf('run.succeeded'), { deadlineMs: PATIENCE_MS });
  expect(succeeded).toMatchObject({ slot: 'request:now', attempt: 2 });
});
