import { chownSync, mkdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { parse } from 'yaml';
import { until } from '../support/wait';
import { type Engine, startEngine } from './engine';
import type { LabImages } from './images';
import type { LabNetwork } from './network';
import { isRecord } from './odatarow';
import { runProgram } from './process';
import { startRegistry } from './registry';

/** What stands beside the fleet: the registry that devices pull from, and the collector. */
export interface LabServer {
  /** `address:port`, plain HTTP. */
  readonly registry: string;
  readonly duplicityImage: string;
  readonly collector: { readonly host: string; readonly port: number };
  readonly engine: Engine;
  /** Its network namespace, for other servers beside it. */
  readonly netns: string;
  readonly storesImage: string | null;
  /** The collector's /backups and /keys, as folders of this machine. */
  readonly backups: string;
  readonly keys: string;
  collectorLog(): Promise<string>;
  stopCollector(): Promise<void>;
  /** Another container on the same volumes, as after an update: with these variables, and what was set before is gone. */
  replaceCollector(environment: Readonly<Record<string, string>>): Promise<void>;
  startCollector(): Promise<void>;
  stop(): Promise<void>;
}

export interface ServerOptions {
  readonly network: LabNetwork;
  readonly folder: string;
  readonly images: LabImages;
  readonly dns: readonly string[];
  /** The size of the file system that snapshots are stored on; as much as the machine has when null. */
  readonly storeMiB: number | null;
}

/** As in docker-compose.yml; the address is the lab's own. */
const COLLECTOR_PORT = 54_321;
const COLLECTOR = 'collector';

/** The collector's rights, as docker-compose.yml gives them. */
function confined(): readonly string[] {
  const file: unknown = parse(readFileSync(join(__dirname, '..', '..', 'docker-compose.yml'), 'utf8'));
  const services = isRecord(file) && isRecord(file['services']) ? file['services'] : {};
  const service = isRecord(services[COLLECTOR]) ? services[COLLECTOR] : {};
  const each = (key: string, option: string): readonly string[] => {
    const values: unknown = service[key];
    if (!Array.isArray(values)) throw new Error(`docker-compose.yml says nothing of the collector's ${key}`);
    return values.flatMap((value) => [option, String(value)]);
  };
  return [
    ...(service['read_only'] === true ? ['--read-only'] : []),
    ...each('tmpfs', '--tmpfs'),
    ...each('security_opt', '--security-opt'),
    ...each('cap_drop', '--cap-drop'),
    ...each('cap_add', '--cap-add'),
  ];
}

/** Starts registry and collector in a node of their own, and gives them once both answer. */
export async function startServer({ network, folder, images, dns, storeMiB }: ServerOptions): Promise<LabServer> {
  const node = await network.addNode('server');
  const places = { backups: join(folder, 'backups'), keys: join(folder, 'keys'), state: join(folder, 'collector') };
  for (const place of Object.values(places)) mkdirSync(place, { recursive: true });
  // As a new volume: it gets the owner of the folder in the images.
  chownSync(places.keys, 1000, 1000);
  const [registry, engine] = await Promise.all([
    linked(images.duplicity, join(folder, 'storage')).then(() => startRegistry(node, folder)),
    startEngine({ netns: node.netns, folder, insecureRegistries: [], dns }),
  ]);
  if (storeMiB !== null) await mountSized(engine, places.backups, storeMiB);
  const collector = { host: node.address, port: COLLECTOR_PORT };
  const ready = async (): Promise<void> => {
    await until('the collector to answer', () => greets(collector.host, collector.port));
  };
  await engine.docker(['load', '--input', images.collector]);
  const run = async (environment: Readonly<Record<string, string>>): Promise<void> => {
    await engine.docker([
      ...['run', '--detach', '--init', '--restart', 'always', '--name', COLLECTOR, ...confined()],
      ...Object.entries(environment).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
      ...['--publish', `${String(COLLECTOR_PORT)}:22`],
      ...mount(places.backups, '/backups'),
      ...mount(places.keys, '/keys'),
      ...mount(places.state, '/var/lib/collector'),
      'collector:lab',
    ]);
    await ready();
  };
  await run({});
  return {
    registry: registry.host,
    duplicityImage: `${registry.host}/duplicity:lab`,
    collector,
    engine,
    netns: node.netns,
    storesImage: images.stores,
    backups: storeMiB === null ? places.backups : `/proc/${String(engine.pid)}/root${places.backups}`,
    keys: places.keys,
    // docker gives the container's two streams back as two.
    collectorLog: () => engine.docker(['logs', COLLECTOR]),
    stopCollector: async () => {
      await engine.docker(['stop', '--time', '2', COLLECTOR]);
    },
    startCollector: async () => {
      await engine.docker(['start', COLLECTOR]);
      await ready();
    },
    replaceCollector: async (environment) => {
      await engine.docker(['rm', '--force', COLLECTOR]);
      await run(environment);
    },
    stop: async () => {
      await Promise.all([engine.stop(), registry.stop()]);
    },
  };
}

/** A file system that can be full; it goes with the engine, whose mounts are its own. */
async function mountSized(engine: Engine, folder: string, sizeMiB: number): Promise<void> {
  const mount = ['mount', '-t', 'tmpfs', '-o', `size=${String(sizeMiB)}m,mode=0755`, 'tmpfs', folder];
  await runProgram('nsenter', [`--target=${String(engine.pid)}`, '--mount', '--', ...mount]);
}

/** Links cost neither time nor room; another file system gets a copy. */
async function linked(from: string, to: string): Promise<void> {
  await runProgram('sh', ['-euc', 'cp -al "$1" "$2" 2>/dev/null || cp -a "$1/." "$2"', 'linked', from, to]);
}

function mount(from: string, to: string): readonly string[] {
  return ['--mount', `type=bind,source=${from},target=${to}`];
}

/** The engine's proxy takes connections before the container does: only the greeting shows that sshd is there. */
function greets(host: string, port: number): Promise<true | null> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2000 });
    const give = (answer: true | null) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('timeout', give(null)).on('error', give(null)).on('close', give(null));
    socket.once('data', (data) => {
      give(data.toString('latin1').startsWith('SSH-') ? true : null)();
    });
  });
}
