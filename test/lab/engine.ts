import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { basename, join } from 'node:path';
import { removeCgroups } from './cgroups';
import { PLAIN_ENVIRONMENT, startDaemon } from './daemon';
import { type ProgramOptions, runProgram, runProgramSync } from './process';

export interface Engine {
  readonly socket: string;
  /** The engine's own command line; gives its stdout, rejects with its stderr. */
  docker(args: readonly string[], options?: Omit<ProgramOptions, 'env'>): Promise<string>;
  /** Killing this process is a power cut: engine, containers and mounts are gone at once. */
  readonly pid: number;
  stop(): Promise<void>;
}

export interface EngineOptions {
  readonly netns: string;
  /** Images, containers, socket and log live here; an engine that starts again on the same folder finds them. */
  readonly folder: string;
  readonly insecureRegistries: readonly string[];
  readonly dns: readonly string[];
}

/** The longest path that a socket can have. */
const SOCKET_PATH_BYTES = 107;

/**
 * Private folders that vanish with the engine; the bind mount keeps odd characters of the path away from it.
 * `$1` = folder.
 */
const INIT = `
mkdir -p /etc/docker /var/lib/docker
mount -t tmpfs -o mode=0755 tmpfs /run
mount -t tmpfs -o mode=0755 tmpfs /etc/docker
mount --bind "$1/data" /var/lib/docker
exec dockerd --config-file "$1/daemon.json"
`;

/** Starts Debian's Docker engine in a network namespace and gives it once it answers. It ends with this process. */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const { folder, netns } = options;
  const socket = join(folder, 'docker.sock');
  if (Buffer.byteLength(socket) > SOCKET_PATH_BYTES) throw new Error(`${folder}: the path is too long for a socket`);
  const cgroup = basename(netns);
  prepareFolder(options, socket, cgroup);
  const daemon = await startDaemon({
    name: 'the engine',
    command: ['sh', '-euc', INIT, 'engine', folder],
    netns,
    logFile: join(folder, 'engine.log'),
    isReady: () => answers(socket),
  });
  return {
    socket,
    pid: daemon.pid,
    docker: dockerAt(socket, join(folder, 'client')),
    stop: async () => {
      await daemon.stop();
      removeCgroups(cgroup);
    },
  };
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

/** The classic builder, which takes base images from the engine itself and needs no public registry. */
function dockerAt(socket: string, clientFolder: string): Engine['docker'] {
  const env = { ...PLAIN_ENVIRONMENT, DOCKER_CONFIG: clientFolder, DOCKER_BUILDKIT: '0' };
  return (args, options = {}) => runProgram('docker', ['-H', `unix://${socket}`, ...args], { ...options, env });
}
