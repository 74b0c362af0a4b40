import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { LabDevice } from '../lab/device';
import { type Lab, startLab } from '../lab/lab';
import { command } from '../support/command';
import { type LogLine, startController } from '../support/controller';
import { until } from '../support/wait';

let lab: Lab;
let device: LabDevice;

beforeAll(async () => {
  lab = await startLab();
  device = await lab.addDevice({
    fleet: lab.addFleet({ name: 'home' }),
    name: 'kitchen',
    tags: { backupEnabled: 'true', backupSchedule: '*/10 * * * * *', backupUrl: 'file:///backups/own' },
  });
  await device.seedVolume('data');
});

afterAll(async () => {
  await lab.stop();
});

/** On a device of its own, with a ledger of its own: it can know of others only by what it finds on the device. */
function environmentOf(name: string): Readonly<Record<string, string>> {
  const uuid = createHash('md5').update(name).digest('hex');
  return lab.environment({ RECONCILE_INTERVAL: '2s', STATE_DIR: join(lab.folder, name), BALENA_DEVICE_UUID: uuid });
}

const isSuccess = (line: LogLine): boolean => line['event'] === 'run.succeeded';

/** When the engine started and ended containers of runs, oldest first. */
async function lives(since: number): Promise<readonly string[]> {
  const said = await device.docker([
    ...['events', '--since', String(since), '--until', String(Math.floor(Date.now() / 1000))],
    ...['--filter', 'container=balena-backup-run', '--filter', 'event=start', '--filter', 'event=die'],
    ...['--format', '{{.Action}}'],
  ]);
  return said.split('\n').filter((line) => line !== '');
}

describe('two controllers by mistake, each with a ledger of its own, and a person beside them', () => {
  it('never run two backups of one device at once, and each gets its own done', async () => {
    const since = Math.floor(Date.now() / 1000);
    const controllers = ['first', 'second'].map((name) => startController(environmentOf(name)));

    const byHand = until('a backup by hand to find its turn', async () => {
      const { code } = await command(environmentOf('third'), 'backup', 'kitchen');
      expect([0, 4]).toContain(code);
      return code === 0 ? true : null;
    });
    for (const each of controllers) {
      await until('two backups of each', () => (each.lines.filter(isSuccess).length >= 2 ? true : null), 240_000);
    }
    await byHand;
    await Promise.all(controllers.map((each) => each.stop()));

    const found = await lives(since);
    const inTurn = found.map((_, n) => (n % 2 === 0 ? 'start' : 'die'));
    expect(found.length).toBeGreaterThanOrEqual(10);
    expect(found).toEqual(inTurn);
    const said = controllers.flatMap(({ lines }) => [...lines]);
    expect(said.filter((line) => line['level'] === 'error')).toEqual([]);
    // One that finds the device busy waits for up to a minute, each time.
  }, 600_000);
});
