import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type Daemon, startDaemon } from '../lab/daemon';
import type { Lab } from '../lab/lab';
import { runProgram } from '../lab/process';
import { until } from './wait';

/** Real servers of every protocol that has one, beside the lab's collector. The user is `keeper` everywhere. */
export interface Stores {
  readonly address: string;
  readonly password: string;
  /** Of the user's own, for the SSH server. */
  readonly sshKey: string;
  readonly knownHosts: string;
  readonly azure: string;
  /** A shell command in the container that holds the servers. */
  sh(script: string): Promise<string>;
  stop(): Promise<void>;
}

const FOLDER = join(__dirname, '..', 'stores');
const PORTS = [21, 22, 80, 143, 443, 873, 990, 993, 8080];
export const S3_PORT = 9000;
const AZURE_PORT = 10_000;
/** The emulator's own, the same everywhere. */
const AZURE_KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

/** Starts them in the network of the lab's server, and gives them once all answer. The lab must have been made with `stores`. */
export async function startStores(lab: Lab): Promise<Stores> {
  const { engine, netns, collector, storesImage } = lab.server;
  if (storesImage === null) throw new Error('the lab was started without `stores`');
  const folder = join(lab.folder, 'stores');
  mkdirSync(folder);
  const key = join(folder, 'key');
  await runProgram('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  const password = randomBytes(12).toString('hex');
  const address = collector.host;
  await engine.docker(['load', '--input', storesImage]);
  await engine.docker([
    ...['run', '--detach', '--name', 'stores', '--network', 'host', '--volume', 'stores:/srv'],
    ...['--env', `ADDRESS=${address}`, '--env', `STORE_PASSWORD=${password}`],
    ...['--env', `AUTHORIZED_KEY=${readFileSync(`${key}.pub`, 'utf8').trim()}`, 'stores:lab'],
  ]);
  const daemons = await Promise.all([s3(netns, folder, address), azure(netns, folder, address)]);
  const sh = (script: string): Promise<string> => engine.docker(['exec', 'stores', 'sh', '-euc', script]);
  await Promise.all(PORTS.map((port) => until(`port ${String(port)} of the stores`, () => answers(address, port))));
  const hostKey = (await sh('cat /etc/stores/host_key.pub')).trim();
  return {
    address,
    password,
    sshKey: readFileSync(key, 'utf8'),
    knownHosts: `${address} ${hostKey}`,
    azure: `DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=${AZURE_KEY};BlobEndpoint=http://${address}:${String(AZURE_PORT)}/devstoreaccount1;`,
    sh,
    stop: async () => {
      await Promise.all(daemons.map((daemon) => daemon.stop()));
    },
  };
}

/** Accepts the key `S3RVER` with the secret `S3RVER`; has the bucket `box`. */
function s3(netns: string, folder: string, address: string): Promise<Daemon> {
  const args = ['--directory', join(folder, 's3'), '--address', address, '--port', String(S3_PORT)];
  return nodeServer('s3rver', [...args, '--configure-bucket', 'box'], { netns, folder, address, port: S3_PORT });
}

function azure(netns: string, folder: string, address: string): Promise<Daemon> {
  const args = ['--location', join(folder, 'azure'), '--blobHost', address, '--blobPort', String(AZURE_PORT)];
  const more = ['--skipApiVersionCheck', '--disableTelemetry', '--silent'];
  return nodeServer('azurite-blob', [...args, ...more], { netns, folder, address, port: AZURE_PORT });
}

interface Place {
  readonly netns: string;
  readonly folder: string;
  readonly address: string;
  readonly port: number;
}

function nodeServer(name: string, args: readonly string[], { netns, folder, address, port }: Place): Promise<Daemon> {
  const program = join(FOLDER, 'node_modules', '.bin', name);
  if (!existsSync(program)) throw new Error(`${program} is not there: run "npm run test:backends", which installs it`);
  return startDaemon({
    name,
    command: [process.execPath, program, ...args],
    netns,
    logFile: join(folder, `${name}.log`),
    isReady: async () => (await answers(address, port)) ?? false,
  });
}

function answers(host: string, port: number): Promise<true | null> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2000 });
    const give = (answer: true | null) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('connect', give(true)).on('timeout', give(null)).on('error', give(null));
  });
}
