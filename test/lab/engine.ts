import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { basename, join } from 'node:path';
import { until } from '../support/wait';
import { removeCgroups } from './cgroups';
import { runProgram, runProgramSync } from './process';

export interface Engine {
  readonly socket: string;
  /** The engine's own command line; gives its stdout, rejects with its stderr. */
  docker(args: readonly string[], options?: DockerOptions): Promise<string>;
  /** Killing this process is a power cut: engine, containers and mounts are gone at once. */
  readonly pid: number;
  stop(): Promise<void>;
}

export interface DockerOptions {
  readonly input?: string;
  readonly timeoutMs?: number;
  readonly cwd?: string;
  readonly onLine?: (line: string) => void;
}

export interface EngineOptions {
  readonly netns: string;
  /** Images, containers, socket and log live here; an engine that starts again on the same folder finds them. */
  readonly folder: string;
  readonly insecureRegistries: readonly string[];
  readonly dns: readonly string[];
}

/** What a path of a socket may be long, with its end. */
const SOCKET_PATH_BYTES = 107;

/**
 * The engine's init: private `/run` and mounts that vanish with it. The bind mount keeps odd characters of the
 * folder's path away from the engine. `$1` = folder.
 */
const INIT = `
mount -t tmpfs -o mode=0755 tmpfs /run
mkdir -p /var/lib/docker
mount --bind "$1/data" /var/lib/docker
exec dockerd --config-file "$1/daemon.json"
`;

/**
 * Starts Debian's Docker engine in a network namespace and gives it once it answers. It has mounts and processes of
 * its own, and goes when the process that started it goes. Rejects with the end of its log when it dies.
 */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const { folder, netns } = options;
  const socket = join(folder, 'docker.sock');
  if (Buffer.byteLength(socket) > SOCKET_PATH_BYTES) throw new Error(`${folder}: the path is too long for a socket`);
  const cgroup = `bb-engine-${basename(netns)}`;
  prepareFolder(options, socket, cgroup);

  const logFile = join(folder, 'engine.log');
  const log = openSync(logFile, 'a');
  const isolate = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--propagation', 'private'];
  const child = spawn(
    'setpriv',
    ['--pdeathsig', 'KILL', 'nsenter', `--net=${netns}`, ...isolate, 'sh', '-euc', INIT, 'engine', folder],
    { stdio: ['ignore', log, log], detached: true, env: engineEnvironment() },
  );
  closeSync(log);
  const closed = once(child, 'close');
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) killInit(child.pid ?? 0);
    await closed;
    removeCgroups(cgroup);
  };
  try {
    await until('the engine to answer', async () => {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error('the engine ended while it started');
      return (await answers(socket)) ? true : null;
    });
  } catch (error) {
    await stop();
    const tail = readFileSync(logFile, 'utf8').slice(-4000);
    throw new Error(`the engine in ${folder} did not start; its log ends with\n${tail}`, { cause: error });
  }
  return { socket, pid: child.pid ?? 0, stop, docker: dockerAt(socket, join(folder, 'client')) };
}

function prepareFolder(
  { netns, folder, insecureRegistries, dns }: EngineOptions,
  socket: string,
  cgroup: string,
): void {
  mkdirSync(join(folder, 'data'), { recursive: true });
  rmSync(socket, { force: true });
  const configuration = {
    hosts: [`unix://${socket}`],
    'data-root': '/var/lib/docker',
    'exec-root': '/run/docker',
    pidfile: '/run/docker.pid',
    'exec-opts': ['native.cgroupdriver=cgroupfs'],
    'cgroup-parent': `/${cgroup}`,
    // A range that is no network's own, so that it hides neither the lab nor a name server.
    bip: '198.18.0.1/24',
    'insecure-registries': insecureRegistries,
    dns,
    mtu: mtuIn(netns),
    'log-driver': 'json-file',
  };
  writeFileSync(join(folder, 'daemon.json'), JSON.stringify(configuration));
}

/** Containers may not send more at once than the way out of the node takes. */
function mtuIn(netns: string): number {
  const links = runProgramSync('nsenter', [`--net=${netns}`, 'ip', '-o', 'link', 'show', 'dev', 'eth0']);
  return Number(/\bmtu (\d+)/.exec(links)?.[1] ?? '1500');
}

/** Neither the machine's proxy nor anybody's client settings are the lab's. */
function engineEnvironment(): Readonly<Record<string, string>> {
  return { PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root' };
}

/** The first process of the engine's PID namespace: with it all in it are gone, and only then its parent ends. */
function killInit(parent: number): void {
  try {
    const [init] = readFileSync(`/proc/${String(parent)}/task/${String(parent)}/children`, 'utf8').split(' ');
    process.kill(Number(init === undefined || init === '' ? parent : init), 'SIGKILL');
  } catch {
    // It ended by itself meanwhile.
  }
}

function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const ping = request({ socketPath: socket, path: '/_ping', timeout: 5000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ping.on('timeout', () => ping.destroy());
    ping.on('error', () => {
      resolve(false);
    });
    ping.end();
  });
}

function dockerAt(socket: string, clientFolder: string): Engine['docker'] {
  const env = { ...engineEnvironment(), DOCKER_CONFIG: clientFolder, DOCKER_BUILDKIT: '0' };
  return (args, options = {}) => runProgram('docker', ['-H', `unix://${socket}`, ...args], { ...options, env });
}
