import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AUTHORITIES_IN_IMAGE, BASE_TAG, type BaseRecipe, SUITE } from './baseimages';
import { keyOf, type Say } from './cache';
import type { Engine } from './engine';
import { runProgram } from './process';

export const NODE_TAG = `node:22-${SUITE}-slim`;
const PACKAGE = join(__dirname, '..', '..', 'node_modules', `node-linux-${process.arch}`);
/** Of the line that comes with Node.js 22. */
const NPM = 'npm@10.9.8';

/** A stand-in for the public image: the base with the Node.js that set-up brought and npm. */
const DOCKERFILE = `FROM ${BASE_TAG}
COPY node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \\
 && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx && npm --version \\
 && useradd --uid 1000 --user-group --create-home node
`;

export function nodeKey(): string {
  return keyOf(DOCKERFILE, NPM, readFileSync(join(PACKAGE, 'package.json')));
}

/** Builds the stand-in in an engine that has the base. It trusts what this machine trusts, as the base does. */
export async function buildNodeBase(engine: Engine, recipe: BaseRecipe, folder: string, note: Say): Promise<void> {
  const brought = join(folder, 'brought');
  mkdirSync(brought, { recursive: true });
  const args = ['install', '--global', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', brought, NPM];
  await runProgram('npm', args, { onLine: note, cwd: folder });
  cpSync(join(brought, 'lib', 'node_modules', 'npm'), join(folder, 'npm'), { recursive: true });
  cpSync(join(PACKAGE, 'bin', 'node'), join(folder, 'node'));
  const trust = recipe.authorities === null ? '' : `ENV NODE_EXTRA_CA_CERTS=${AUTHORITIES_IN_IMAGE}\n`;
  writeFileSync(join(folder, 'Dockerfile'), `${DOCKERFILE}${trust}${await registryLine()}`);
  writeFileSync(join(folder, '.dockerignore'), 'brought\n');
  await engine.docker(['build', '--tag', NODE_TAG, folder], { onLine: note });
}

/** Packages come from where this machine takes them. */
async function registryLine(): Promise<string> {
  const registry = (await runProgram('npm', ['config', 'get', 'registry'])).trim();
  return registry.startsWith('https://registry.npmjs.org') ? '' : `ENV npm_config_registry=${registry}\n`;
}
