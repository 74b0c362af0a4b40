import { mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { type Daemon, startDaemon } from './daemon';
import type { NetworkNode } from './network';

export interface Registry extends Daemon {
  /** `address:port`, plain HTTP. */
  readonly host: string;
}

export const REGISTRY_PORT = 5000;

/** Debian's docker-registry in a node of the lab, with its images in `folder/storage`. */
export async function startRegistry(node: NetworkNode, folder: string): Promise<Registry> {
  mkdirSync(join(folder, 'storage'), { recursive: true });
  const host = `${node.address}:${String(REGISTRY_PORT)}`;
  // JSON is YAML too.
  const configuration = {
    version: '0.1',
    log: { level: 'warn', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, 'storage') }, cache: { blobdescriptor: 'inmemory' } },
    http: { addr: host },
  };
  const file = join(folder, 'registry.yml');
  writeFileSync(file, JSON.stringify(configuration));
  const daemon = await startDaemon({
    name: 'the registry',
    command: ['docker-registry', 'serve', file],
    netns: node.netns,
    logFile: join(folder, 'registry.log'),
    isReady: () => answers(host),
  });
  return { ...daemon, host };
}

function answers(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const ask = request(`http://${host}/v2/`, { timeout: 2000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ask.on('timeout', () => ask.destroy());
    ask.on('error', () => {
      resolve(false);
    });
    ask.end();
  });
}
