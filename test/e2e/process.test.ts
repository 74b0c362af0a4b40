import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { openLedger } from '../../src/ledger/ledger';
import type { LabDevice } from '../lab/device';
import { type Lab, startLab } from '../lab/lab';
import { type ControllerProcess, startController } from '../support/controller';
import { anEnding } from '../support/ledger';
import { until } from '../support/wait';

const LAUNCHER = join(__dirname, '..', '..', 'bin', 'balena-backup');

let lab: Lab;
let device: LabDevice;
let controller: ControllerProcess | null = null;

beforeAll(async () => {
  lab = await startLab();
  const fleet = lab.addFleet({ name: 'home' });
  device = await lab.addDevice({ fleet, name: 'kitchen', tags: { backupEnabled: 'true', backupSchedule: '@monthly' } });
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
  controller = startController(lab.environment(over));
  await controller.waitFor('the first pass', (line) => line['event'] === 'reconcile.finished');
  return controller;
}

function call(words: readonly string[], environment: Readonly<Record<string, string>>): ReturnType<typeof spawnSync> {
  return spawnSync(LAUNCHER, words, {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '', ...environment },
  });
}

/** A request whose controller goes away while it runs, and that has ended by itself since. */
async function leftRunning(watched: ControllerProcess, token: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  lab.setTag(device, 'backupRequest', token);
  await watched.waitFor(
    'the container to run',
    (line) => line['event'] === 'run.progressed' && line['phase'] === 'running',
  );
  watched.signal(signal);
  await watched.exited;
  await until('the run to end by itself', async () => {
    const [container] = (await device.containers()).filter(({ name }) => name === 'balena-backup-run');
    return container?.state === 'exited' ? true : null;
  });
}

describe('the process', () => {
  it('makes a pass at once on SIGHUP and for resync, and ends within ten seconds on SIGTERM with 0', async () => {
    const running = await started({ RECONCILE_INTERVAL: '1h' });
    const asked = (line: object): boolean =>
      Reflect.get(line, 'event') === 'reconcile.finished' && Reflect.get(line, 'cause') === 'signal';

    running.signal('SIGHUP');
    await running.waitFor('the pass that was asked for', asked);
    const since = running.lines.length;
    expect(call(['resync'], lab.environment()).status).toBe(0);
    await running.waitFor('the pass that resync asked for', asked, { since });

    const begin = Date.now();
    running.signal('SIGTERM');
    expect(await running.exited).toBe(0);
    expect(Date.now() - begin).toBeLessThan(10_000);
    expect(call(['resync'], lab.environment()).status).toBe(1);
  });

  it('refuses a second controller on the same STATE_DIR with 2, and says which process has it', async () => {
    await started();
    const second = call(['run'], lab.environment());

    expect(second.status).toBe(2);
    expect(String(second.stderr)).toMatch(/another controller \(process \d+\) runs on STATE_DIR/);
  });

  it.each([
    { signal: 'SIGTERM', name: 'stopped' },
    { signal: 'SIGKILL', name: 'killed' },
  ] as const)('that is $name leaves its run going; the next collects it once', async ({ signal }) => {
    const first = await started();
    const token = `request-${signal}`;
    await leftRunning(first, token, signal);

    const second = await started();
    await second.waitFor(
      'its result',
      (line) => line['event'] === 'run.succeeded' && line['slot'] === `request:${token}`,
    );
    await until('the container to be removed', async () => ((await device.containers()).length === 0 ? true : null));

    const begun = second.lines.filter((line) => line['event'] === 'run.started');
    expect(begun).toMatchObject([{ adopted: true, slot: `request:${token}` }]);
  });

  it('that is killed between a result and its acknowledgement leaves a container, which the next has removed', async () => {
    const first = await started();
    await leftRunning(first, 'known', 'SIGKILL');
    const ledger = openLedger(lab.environment()['STATE_DIR'] ?? '');
    for (const { runId } of ledger.active()) ledger.finish(runId, anEnding());
    ledger.close();

    const second = await started();
    await until('the container to be removed', async () => ((await device.containers()).length === 0 ? true : null));
    expect(second.lines.filter((line) => line['event'] === 'run.started')).toEqual([]);
  });

  it('tells all problems of its configuration at once and ends with 2', () => {
    const wrong = call(['run'], {
      PASSPHRASE: 'x',
      BACKUP_SCHEDULE: '61 * * * *',
      MAX_CONCURRENT_RUNS: 'many',
      LOG_LEVEL: 'loud',
    });

    expect(wrong.status).toBe(2);
    expect(
      String(wrong.stderr)
        .trim()
        .split('\n')
        .map((line) => line.split(':')[0])
        .sort(),
    ).toEqual(['BACKUP_SCHEDULE', 'CLI_API_KEY', 'LOG_LEVEL', 'MAX_CONCURRENT_RUNS']);
    expect(String(wrong.stdout)).toBe('');
  });

  it('tells them in its log, too, where programs read that', () => {
    const { status, stdout } = call(['run'], { LOG_FORMAT: 'json', MAX_CONCURRENT_RUNS: 'many' });

    expect(status).toBe(2);
    expect(JSON.parse(String(stdout))).toMatchObject({
      level: 'error',
      event: 'config.rejected',
      problems: expect.arrayContaining([
        expect.stringMatching(/^CLI_API_KEY: /),
        expect.stringMatching(/^MAX_CONCURRENT_RUNS: /),
      ]) as string[],
    });
  });
});
