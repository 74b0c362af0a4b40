import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PLAIN_ENVIRONMENT } from './daemon';
import { type Engine, startEngine } from './engine';
import type { LabImages } from './images';
import type { LabNetwork } from './network';
import { type ProgramOptions, runProgram } from './process';

/** A machine with Docker on it, for what people deploy; it has our images already. */
export interface LabHost {
  readonly name: string;
  readonly address: string;
  readonly engine: Engine;
  /** Debian's docker-compose on its engine; gives its stdout, rejects with its stderr. */
  compose(args: readonly string[], options?: Omit<ProgramOptions, 'env'>): Promise<string>;
  /** A line of a shell there, as a person types it. */
  sh(line: string, options?: Omit<ProgramOptions, 'env'>): Promise<string>;
  stop(): Promise<void>;
}

/** Debian 12 has Docker's compose only as a program of its own. */
const DOCKER = `#!/bin/sh
if [ "$1" = compose ]; then shift; exec docker-compose "$@"; fi
exec /usr/bin/docker "$@"
`;

export interface HostOptions {
  readonly network: LabNetwork;
  readonly name: string;
  readonly folder: string;
  readonly images: LabImages;
  readonly dns: readonly string[];
}

/** Starts it; the images are there as `orchestrator:lab` and `collector:lab`, where they were built. */
export async function startHost({ network, name, folder, images, dns }: HostOptions): Promise<LabHost> {
  const node = await network.addNode(name);
  mkdirSync(folder);
  const engine = await startEngine({ netns: node.netns, folder, insecureRegistries: [], dns });
  for (const image of [images.orchestrator, images.collector]) {
    if (image !== null) await engine.docker(['load', '--input', image]);
  }
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'docker'), DOCKER, { mode: 0o755 });
  const env = {
    ...PLAIN_ENVIRONMENT,
    PATH: `${bin}:${String(PLAIN_ENVIRONMENT['PATH'])}`,
    DOCKER_HOST: `unix://${engine.socket}`,
    DOCKER_CONFIG: join(folder, 'client'),
  };
  return {
    name,
    address: node.address,
    engine,
    compose: (args, options = {}) => runProgram('docker-compose', args, { ...options, env }),
    sh: (line, options = {}) => runProgram('sh', ['-ec', line], { ...options, env }),
    stop: () => engine.stop(),
  };
}
