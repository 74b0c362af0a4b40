import type { LabDevice } from '../lab/device';
import { type Lab, startLab } from '../lab/lab';
import { command, type CommandResult } from '../support/command';
import { type ControllerProcess, startController } from '../support/controller';
import { traceOf } from '../support/folder';

let lab: Lab;
let device: LabDevice;
let office: LabDevice;
let controller: ControllerProcess | null = null;

beforeAll(async () => {
  lab = await startLab();
  const fleet = lab.addFleet({ name: 'home', tags: { backupSchedule: '@monthly' } });
  device = await lab.addDevice({ fleet, name: 'kitchen', tags: { backupEnabled: 'true' } });
  office = await lab.addDevice({ fleet, name: 'office' });
  await device.seedVolume('data');
});

afterEach(async () => {
  await controller?.stop();
  controller = null;
});

afterAll(async () => {
  await lab.stop();
});

function call(words: readonly string[], over: Readonly<Record<string, string>> = {}): Promise<CommandResult> {
  return command(lab.environment(over), ...words);
}

async function parsed(words: readonly string[], over: Readonly<Record<string, string>> = {}): Promise<unknown> {
  const { code, out, err } = await call([...words, '--output', 'json'], over);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return JSON.parse(out);
}

const stateDir = (): string => lab.environment()['STATE_DIR'] ?? '';

async function started(): Promise<ControllerProcess> {
  controller = startController(lab.environment({ RECONCILE_INTERVAL: '1h' }));
  await controller.waitFor('the first pass', (line) => line['event'] === 'reconcile.finished');
  return controller;
}

describe('the commands that ask, beside a controller', () => {
  it('say what it then does, why, and what came of it; and leave no trace', async () => {
    const running = await started();
    lab.setTag(device, 'backupRequest', 'now');
    const before = traceOf(stateDir());

    expect(await parsed(['plan'])).toMatchObject({
      controllerRunning: true,
      counts: { devices: 1, due: 1 },
      devices: [{ uuid: device.uuid, verdict: 'due', slot: 'request:now' }],
    });
    expect((await call(['why', 'kitchen'])).out).toMatch(
      /due: starts a backup for the request "now"[^]*the fleet's tag backupSchedule/,
    );
    expect((await call(['why', office.uuid.slice(0, 7)])).out).toMatch(
      /not enabled: [^]*set the tag backupEnabled to true/,
    );
    expect(await parsed(['history', 'kitchen'])).toMatchObject({ device: { uuid: device.uuid }, runs: [] });
    expect(traceOf(stateDir())).toEqual(before);

    expect((await call(['resync'])).code).toBe(0);
    await running.waitFor('the run', (line) => line['event'] === 'run.succeeded' && line['slot'] === 'request:now');
    expect(await parsed(['status'])).toMatchObject({
      devices: [{ name: 'kitchen', state: 'ok', lastRun: { mode: 'full' } }],
    });
    const { out } = await call(['history', 'kitchen']);
    expect(out).toMatch(/request:now +full/);
    expect(out).toMatch(/Stored a full snapshot in [\d.]+ .*, [\d.]+ .* of it at work: /);
    expect(out).toMatch(/Phases: connecting .*running .*\n {2}Volumes: data\n {2}Last lines of its output:\n {2}\| /);
  });

  it('answer without the API as well as they can', async () => {
    await started();
    const nowhere = { BALENA_API_URL: 'http://127.0.0.1:1' };

    expect(await call(['plan'], nowhere)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/would do nothing/) as string,
    });
    expect(await parsed(['status'], nowhere)).toMatchObject({
      apiProblem: expect.stringMatching(/gave no answer/) as string,
      devices: [{ uuid: device.uuid, name: 'kitchen' }],
    });
    expect((await call(['history', 'kitchen'], nowhere)).code).toBe(0);
    expect((await call(['why', 'nobody'], nowhere)).code).toBe(1);
    expect((await call(['why', 'nobody'])).code).toBe(2);
  });

  it('show in its log what a person runs by hand', async () => {
    const running = await started();
    const { code, err } = await call(['backup', 'kitchen']);
    expect({ code, err }).toMatchObject({ code: 0 });

    running.signal('SIGHUP');
    const [begun, ended] = await Promise.all(
      ['run.started', 'run.succeeded'].map((event) =>
        running.waitFor(event, (line) => line['event'] === event && String(line['slot']).startsWith('manual:')),
      ),
    );

    expect([begun?.['process'], ended?.['process']]).toEqual([expect.stringMatching(/:\d+$/), begun?.['process']]);
    expect(ended?.['message']).toMatch(/by another process/);
  });
});
