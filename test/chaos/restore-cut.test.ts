import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { differencesOf } from '../demo/proofs';
import type { LabDevice } from '../lab/device';
import { type Lab, startLab } from '../lab/lab';
import { command, type CommandProcess, startCommand } from '../support/command';
import { startInTerminal } from '../support/pty';
import { type Tree, treeOf } from '../support/tree';
import { until } from '../support/wait';

const STAGING = '/var/lib/docker/volumes/balena-backup-staging/_data';
const VOLUMES = ['data', 'settings'];
let lab: Lab;
let device: LabDevice;
let slowUrl: string;

beforeAll(async () => {
  lab = await startLab();
  const { host, port } = lab.server.collector;
  slowUrl = `--rsync-options=--bwlimit=600 rsync://root@${host}:${String(port)}//backups/$UUID`;
  const fleet = lab.addFleet({ name: 'home', tags: { backupEnabled: 'true', backupSchedule: '@monthly' } });
  device = await lab.addDevice({ fleet, name: 'kitchen' });
  await device.seedVolume('data');
  await device.putFiles('settings', { 'a/b.txt': 'first' });
  await device.startService('web', 'data');
  await stubbornService();
  expect((await command(lab.environment(), 'backup', device.uuid)).code).toBe(0);
});

afterAll(async () => {
  await lab.stop();
});

/** A service that takes five seconds to stop, so that an exchange can be cut off. */
async function stubbornService(): Promise<void> {
  const labels = { 'io.balena.service-name': 'stubborn', 'io.balena.app-id': String(device.fleetId) };
  const options = Object.entries(labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]);
  const mounts = ['--volume', `${String(device.fleetId)}_settings:/data`];
  const script = "trap '' TERM; while :; do sleep 1; done";
  await device.docker([
    ...['run', '--detach', '--name', 'stubborn', '--restart', 'always', '--stop-timeout', '5', ...options, ...mounts],
    ...['--entrypoint', 'sh', lab.server.duplicityImage, '-c', script],
  ]);
}

function trees(): Readonly<Record<string, Tree>> {
  return Object.fromEntries(VOLUMES.map((volume) => [volume, treeOf(device.volumePath(volume))]));
}

/** The device's volumes as they are, changed now so that old and new can be told apart. */
async function changed(): Promise<{ readonly good: typeof lastGood; readonly bad: typeof lastGood }> {
  await device.putFiles('data', { 'logs/app.log': `changed ${String(Date.now())}`, extra: 'x' });
  await device.putFiles('settings', { 'a/b.txt': 'changed' });
  return { good: lastGood, bad: trees() };
}

let lastGood: Readonly<Record<string, Tree>>;

beforeAll(() => {
  lastGood = trees();
});

/** Each in a state of its own, so that none waits for what another left; fetching takes long enough to be cut off. */
let environment: Readonly<Record<string, string>>;
let states = 0;

beforeEach(() => {
  states += 1;
  environment = lab.environment({ BACKUP_URL: slowUrl, STATE_DIR: join(lab.folder, `state${String(states)}`) });
});

afterEach(async () => {
  await device.sh('balena-engine rm --force balena-backup-run >/dev/null 2>&1 || :');
});

function restoring(): CommandProcess {
  return startCommand(environment, 'restore', device.uuid, '--yes');
}

const fetching = (): Promise<true> => there(`${STAGING}/work/staged`, 'the fetch');
const exchanging = (): Promise<true> => there(`${STAGING}/work/journal.json`, 'the exchange');

function there(path: string, what: string): Promise<true> {
  return until(what, async () => ((await device.sh(`ls -d ${path} 2>/dev/null || :`)) === '' ? null : true), 90_000);
}

/** Every volume is the one or the other, and which: the services are as they were, and nothing is left over. */
async function settled(good: typeof lastGood, bad: typeof lastGood): Promise<readonly string[]> {
  await until(
    'the run to have ended on the device',
    async () => {
      const runs = (await device.containers()).filter(({ name }) => name === 'balena-backup-run');
      return runs.every(({ state }) => state === 'exited') && (await services()) === 'stubborn running, web running'
        ? true
        : null;
    },
    120_000,
  );
  const now = trees();
  const found = VOLUMES.map((volume) => {
    const is = (tree: Tree | undefined): boolean => differencesOf(tree ?? {}, now[volume] ?? {}).length === 0;
    return is(good[volume]) ? 'restored' : is(bad[volume]) ? 'as before' : 'a mixture';
  });
  const left = await device.sh(
    `find /run/balena-backup /tmp/balena-supervisor ${STAGING} -mindepth 1 ! -type d ! -path '${STAGING}/undo/*' 2>/dev/null || :`,
  );
  expect(left).toBe('');
  return found;
}

async function services(): Promise<string> {
  const found = (await device.containers()).filter(({ labels }) => labels['io.balena.service-name'] !== undefined);
  return found
    .map(({ labels, state }) => `${labels['io.balena.service-name'] ?? ''} ${state}`)
    .sort()
    .join(', ');
}

describe('a restore that is cut off', () => {
  const BEFORE = ['as before', 'as before'];
  const RESTORED = ['restored', 'restored'];

  it.each<{
    name: string;
    phase: () => Promise<true>;
    cut: (of: CommandProcess) => Promise<void>;
    becomes: readonly string[];
  }>([
    {
      name: 'the orchestrator killed while it fetches: the device goes on',
      phase: fetching,
      cut: async ({ child, ended }) => {
        child.kill('SIGKILL');
        await ended;
      },
      becomes: RESTORED,
    },
    {
      name: 'the link cut while services stop: the device goes on',
      phase: exchanging,
      cut: async ({ child, ended }) => {
        device.cutLink();
        await pause(3000);
        child.kill('SIGKILL');
        await ended;
        device.mendLink();
      },
      becomes: RESTORED,
    },
    {
      name: 'the engine restarted while it fetches: nothing has changed',
      phase: fetching,
      cut: async ({ child, ended }) => {
        child.kill('SIGKILL');
        await ended;
        await device.restartEngine();
      },
      becomes: BEFORE,
    },
    {
      name: 'the power cut while it fetches: nothing has changed',
      phase: fetching,
      cut: async ({ child, ended }) => {
        child.kill('SIGKILL');
        await ended;
        await device.powerCut();
        await device.powerOn();
      },
      becomes: BEFORE,
    },
    {
      name: 'the power cut while services stop: the device ends it when it is back',
      phase: exchanging,
      cut: async ({ child, ended }) => {
        child.kill('SIGKILL');
        await ended;
        await device.powerCut();
        await device.powerOn();
      },
      becomes: RESTORED,
    },
    {
      name: 'the engine killed and started while services stop: the device ends it',
      phase: exchanging,
      cut: async ({ child, ended }) => {
        child.kill('SIGKILL');
        await ended;
        await device.stopEngine('KILL');
        await device.startEngine();
      },
      becomes: RESTORED,
    },
  ])('$name', async ({ phase, cut, becomes }) => {
    const { good, bad } = await changed();
    const running = restoring();
    await phase();

    await cut(running);

    expect(await settled(good, bad)).toEqual(becomes);
  });

  it('by the end of the command is followed again by the same words, and its result told', async () => {
    const { good, bad } = await changed();
    const running = restoring();
    await fetching();
    running.child.kill('SIGINT');
    const left = await running.ended;

    const again = await command(environment, 'restore', device.uuid, '--yes');

    expect(left).toMatchObject({ code: 130 });
    expect(again.err).toMatch(/left on the device; no other is begun/);
    expect(again.out).toMatch(/Restored data, settings from the backup/);
    expect(again.code).toBe(0);
    expect(await settled(good, bad)).toEqual(RESTORED);
    expect((await device.containers()).map(({ name }) => name)).not.toContain('balena-backup-run');
  });

  it('by a person with Ctrl-C: nothing has changed, and the command says so', async () => {
    const { good, bad } = await changed();
    const terminal = startInTerminal(environment, 100, 'restore', device.uuid);
    await terminal.shows(/Restore now\? \[y\/N\]/);
    terminal.type('y\n');
    await fetching();
    terminal.type('\u0003');
    await terminal.shows(/stop it there \[s\]\?/);
    terminal.type('s\n');

    expect(await terminal.ended).toBe(130);
    expect(terminal.shown()).toMatch(/cancelled by a person\. The volumes of the device are as they were/);
    expect(await settled(good, bad)).toEqual(BEFORE);
    expect((await device.containers()).map(({ name }) => name)).not.toContain('balena-backup-run');
  });
});
