import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Cache, keyOf } from './cache';
import { type Engine, startEngine } from './engine';
import { createNetwork, type NetworkNode, removeNetwork } from './network';
import { REGISTRY_PORT } from './registry';
import { startResolver } from './resolver';

/** An engine that builds images, in a network of its own. */
export interface Builder {
  readonly engine: Engine;
  readonly node: NetworkNode;
  /** For files that nobody needs afterwards. */
  readonly folder: string;
}

/**
 * Starts a builder for as long as `work` takes. Only under the cache's lock: what the last one left because it was
 * killed is cleared first.
 */
export async function withBuilder<T>(cache: Cache, work: (builder: Builder) => Promise<T>): Promise<T> {
  const labId = `b${keyOf(cache.folder).slice(0, 6)}`;
  const folder = join(cache.folder, '.builder');
  const clear = (): void => {
    removeNetwork(labId);
    rmSync(folder, { recursive: true, force: true });
  };
  clear();
  process.once('exit', clear);
  try {
    return await running(labId, folder, work);
  } finally {
    process.removeListener('exit', clear);
    clear();
  }
}

async function running<T>(labId: string, folder: string, work: (builder: Builder) => Promise<T>): Promise<T> {
  mkdirSync(folder);
  const network = createNetwork(labId);
  const resolver = await startResolver(network.hostAddress);
  try {
    const node = await network.addNode('builder');
    const insecureRegistries = [`${node.address}:${String(REGISTRY_PORT)}`];
    const engine = await startEngine({ netns: node.netns, folder, insecureRegistries, dns: resolver.addresses });
    try {
      return await work({ engine, node, folder });
    } finally {
      await engine.stop();
    }
  } finally {
    await resolver.stop();
  }
}
