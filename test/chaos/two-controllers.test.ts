import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { LabDevice } from '../lab/device';
import { type Lab, startLab } from '../lab/lab';
import { command } from '../support/command';
import { type ControllerProcess, type LogLine, startController } from '../support/controller';
import { until } from '../support/wait';

let lab: Lab;
let device: LabDevice;

beforeAll(async () => {
  lab = await startLab();
  device = await lab.addDevice({
    fleet: lab.addFleet({ name: 'home' }),
    name: 'kitchen',
    // Runs take some seconds each: who finds the device busy, and comes back within a minute, has to find it free some time.
    tags: { backupEnabled: 'true', backupSchedule: '*/30 * * * * *', backupUrl: 'file:///backups/own' },
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

const PATIENCE_MS = 600_000;
const isSuccess = (line: LogLine): boolean => line['event'] === 'run.succeeded';

/** When the engine started and ended containers of runs, oldest first; it is asked for the second that has just begun, too. */
async function lives(since: number): Promise<readonly string[]> {
  const said = await device.docker([
    ...['events', '--since', String(since), '--until', String(Math.floor(Date.now() / 1000) + 1)],
    ...['--filter', 'container=balena-backup-run', '--filter', 'event=start', '--filter', 'event=die'],
    ...['--format', '{{.Action}}'],
  ]);
  return said.split('\n').filter((line) => line !== '');
}

describe('two controllers by mistake, each with a ledger of its own, and a person beside them', () => {
  it('never run two backups of one device at once, and each gets its own done', async () => {
    const since = Math.floor(Date.now() / 1000);
    const controllers = ['first', 'second'].map((name) => startController(environmentOf(name)));

    const byHand = async (): Promise<true | null> => {
      const { code, err } = await command(environmentOf('third'), 'backup', 'kitchen');
      if (code !== 0 && code !== 4) throw new Error(`the backup by hand ended with ${String(code)}: ${err}`);
      return code === 0 ? true : null;
    };
    const twice = ({ lines }: ControllerProcess): true | null => (lines.filter(isSuccess).length >= 2 ? true : null);
    await Promise.all([
      until('a backup by hand to find its turn', byHand, PATIENCE_MS),
      ...controllers.map((each) => until('two backups of each', () => twice(each), PATIENCE_MS)),
    ]);
    await Promise.all(controllers.map((each) => each.stop()));

    const found = await lives(since);
    const inTurn = found.map((_, n) => (n % 2 === 0 ? 'start' : 'die'));
    expect(found.length).toBeGreaterThanOrEqual(10);
    expect(found).toEqual(inTurn);
    const said = controllers.flatMap(({ lines }) => [...lines]);
    expect(said.filter((line) => line['level'] === 'error')).toEqual([]);
  }, 900_000);
});
