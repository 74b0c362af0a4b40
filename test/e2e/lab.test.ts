import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { LabDevice } from '../lab/device';
import { type Lab, startLab } from '../lab/lab';
import { runProgramSync } from '../lab/process';
import { until } from '../support/wait';

const ROOT = join(__dirname, '..', '..');

/** What of a lab can be seen on this machine from outside. */
function tracesOf(id: string): readonly string[] {
  const list = (program: string, ...args: readonly string[]): readonly string[] =>
    runProgramSync(program, args)
      .split('\n')
      .filter((line) => line.includes(`bb-${id}`) || line.includes(`balena-backup-lab-${id}`));
  return [
    ...list('ip', '-o', 'link', 'show'),
    ...list('ip', 'netns', 'list'),
    ...list('iptables', '-w', '-S'),
    ...list('iptables', '-w', '-t', 'nat', '-S'),
    ...list('ps', '-eo', 'pid,args').filter((line) => !line.includes(' ps -eo')),
    ...list('sh', '-c', 'find /sys/fs/cgroup -type d -name "bb-*"'),
    ...readdirSync('/var/tmp').filter((name) => name.includes(id)),
    ...(existsSync(`/run/balena-backup-lab/${id}.json`) ? ['registration'] : []),
  ];
}

interface LabProcess {
  readonly child: ChildProcess;
  readonly id: string;
}

/** `npm run lab` as a process of its own, once it says that it is there. */
async function startLabProcess(): Promise<LabProcess> {
  const child = spawn('sh', ['scripts/run-ts', 'npm', 'test/lab/main.ts'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const id = await until(
    'the lab to be there',
    () => {
      if (child.exitCode !== null) throw new Error(`the lab ended:\n${lines.join('\n')}`);
      return /^The lab (\w+) runs/m.exec(lines.join('\n'))?.[1];
    },
    240_000,
  );
  return { child, id };
}

describe('labs', () => {
  it('run side by side, reach none of each other, and leave nothing behind', async () => {
    const [first, second] = await Promise.all([startLab(), startLab()]);
    const deviceOf = (lab: Lab): Promise<LabDevice> =>
      lab.addDevice({ fleet: lab.addFleet({ name: 'home' }), name: 'kitchen' });
    const [one, two] = await Promise.all([deviceOf(first), deviceOf(second)]);

    expect(first.server.registry).not.toBe(second.server.registry);
    await one.createVolume('data');
    expect(await one.docker(['volume', 'ls', '--quiet'])).toBe(`${String(one.fleetId)}_data\n`);
    expect(await two.docker(['volume', 'ls', '--quiet'])).toBe('');

    await first.stop();
    expect(tracesOf(first.id)).toEqual([]);
    expect(await two.docker(['version', '--format', '{{.Server.Version}}'])).toMatch(/^\d/);
    await second.stop();
    expect(tracesOf(second.id)).toEqual([]);
  });

  it('that are killed leave nothing that the next start does not clear, and one that runs is left alone', async () => {
    const killed = await startLabProcess();
    const stays = await startLab();
    expect(tracesOf(killed.id)).not.toEqual([]);

    killed.child.kill('SIGKILL');
    await once(killed.child, 'close');
    const next = await startLab();

    expect(tracesOf(killed.id)).toEqual([]);
    expect(tracesOf(stays.id)).not.toEqual([]);
    await Promise.all([stays.stop(), next.stop()]);
  });

  it('end on Ctrl-C and clear up after themselves', async () => {
    const { child, id } = await startLabProcess();
    child.kill('SIGINT');
    await once(child, 'close');

    expect(child.exitCode).toBe(0);
    expect(tracesOf(id)).toEqual([]);
  });
});

describe('a device of the lab', () => {
  it('shows after a power cut what a real one shows: the container exited, its output still there', async () => {
    const lab = await startLab();
    const device = await lab.addDevice({ fleet: lab.addFleet({ name: 'home' }), name: 'kitchen', diskMiB: 1500 });
    await device.putFiles('data', { file: 'kept' });
    const script = 'echo before the cut; sleep infinity';
    await device.docker([
      'run',
      '--detach',
      '--name',
      'victim',
      '--entrypoint',
      'sh',
      lab.server.duplicityImage,
      '-c',
      script,
    ]);
    await until('its output', async () => ((await device.docker(['logs', 'victim'])).includes('before') ? true : null));

    await device.powerCut();
    expect(lab.api.state.isConnected(device.uuid)).toBe(false);
    await device.powerOn();

    expect(lab.api.state.isConnected(device.uuid)).toBe(true);
    expect(await device.containers()).toMatchObject([{ name: 'victim', state: 'exited', exitCode: 255 }]);
    expect(await device.docker(['logs', 'victim'])).toBe('before the cut\n');
    expect(await device.sh(`cat '/mnt/data/docker/volumes/${String(device.fleetId)}_data/_data/file'`)).toBe('kept');
    await lab.stop();
  });
});
