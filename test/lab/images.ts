import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { BASE_TAG, type BaseRecipe, makeBase, readBaseRecipe } from './baseimages';
import { type Builder, withBuilder } from './builder';
import { type Cache, exclusively, openCache, type Say } from './cache';
import { buildNodeBase, NODE_TAG } from './nodebase';
import { type ImageRecipe, recipeOf } from './recipes';
import { startRegistry } from './registry';
import { during } from './say';

export interface LabImages {
  /** Storage folder of a registry that holds it as `duplicity:lab`. */
  readonly duplicity: string;
  /** As `docker save` writes `collector:lab`. */
  readonly collector: string;
  /** As `docker save` writes `orchestrator:lab`; null unless it was asked for. */
  readonly orchestrator: string | null;
  /** As `docker save` writes `stores:lab`; null unless it was asked for. */
  readonly stores: string | null;
}

/** What an image's artefact holds: the devices pull the one, engines load the others. */
const CONTENT = {
  duplicity: 'storage',
  'duplicity-full': 'storage',
  collector: 'image.tar',
  orchestrator: 'image.tar',
  stores: 'image.tar',
} as const;

/**
 * The images of this checkout, built from its Dockerfiles once and kept in a cache outside of it. Nothing comes from a
 * public registry. The orchestrator's is made only when it is asked for, as is the one with servers to store to.
 */
export async function prepareImages(options: {
  readonly say: Say;
  readonly orchestrator?: boolean;
  /** The image with every backend on the devices, instead of the small one. */
  readonly full?: boolean;
  /** The image with servers to store to. */
  readonly stores?: boolean;
}): Promise<LabImages> {
  const cache = openCache();
  const base = readBaseRecipe();
  const duplicity = recipeOf(options.full === true ? 'duplicity-full' : 'duplicity', base.key);
  const collector = recipeOf('collector', base.key);
  const orchestrator = options.orchestrator === true ? recipeOf('orchestrator', base.key) : null;
  const stores = options.stores === true ? recipeOf('stores', base.key) : null;
  const recipes = [duplicity, collector, orchestrator, stores].filter((recipe) => recipe !== null);
  if (missingOf(cache, recipes).length > 0) {
    await exclusively(cache, options.say, async () => {
      const missing = missingOf(cache, recipes);
      if (missing.length > 0) await buildAll({ cache, base, say: options.say }, missing);
    });
  }
  return {
    duplicity: contentOf(cache, duplicity),
    collector: contentOf(cache, collector),
    orchestrator: orchestrator === null ? null : contentOf(cache, orchestrator),
    stores: stores === null ? null : contentOf(cache, stores),
  };
}

function contentOf(cache: Cache, { name, key }: ImageRecipe): string {
  const folder = cache.find(name, key);
  if (folder === null) throw new Error(`the ${name} image went from ${cache.folder} while it was wanted: start again`);
  return join(folder, CONTENT[name]);
}

function missingOf(cache: Cache, recipes: readonly ImageRecipe[]): readonly ImageRecipe[] {
  return recipes.filter(({ name, key }) => cache.find(name, key) === null);
}

interface Build {
  readonly cache: Cache;
  readonly base: BaseRecipe;
  readonly say: Say;
}

async function buildAll({ cache, base, say }: Build, recipes: readonly ImageRecipe[]): Promise<void> {
  const root =
    cache.find('base', base.key) ??
    (await during(say, `making ${BASE_TAG} with debootstrap`, (note) =>
      cache.make('base', base.key, (folder) => makeBase(base, folder, note)),
    ));
  await withBuilder(cache, async (builder) => {
    await builder.engine.docker(['import', join(root, 'rootfs.tar'), BASE_TAG]);
    if (recipes.some((recipe) => recipe.base === NODE_TAG)) {
      const folder = join(builder.folder, 'node');
      await during(say, `making ${NODE_TAG}`, (note) => buildNodeBase(builder.engine, base, folder, note));
    }
    const builds = recipes.map((recipe) =>
      during(say, `building the ${recipe.name} image`, (note) =>
        cache.make(recipe.name, recipe.key, (folder) => buildOne(builder, recipe, folder, note)),
      ),
    );
    // All must have ended, well or not, before the builder goes.
    for (const result of await Promise.allSettled(builds)) if (result.status === 'rejected') throw result.reason;
  });
}

async function buildOne(builder: Builder, recipe: ImageRecipe, folder: string, note: Say): Promise<void> {
  const { engine, node } = builder;
  const target = recipe.target === null ? [] : ['--target', recipe.target];
  await engine.docker(['build', ...proxies(), ...target, '--tag', recipe.tag, recipe.context], { onLine: note });
  if (CONTENT[recipe.name] !== 'storage') {
    await engine.docker(['save', '--output', join(folder, CONTENT[recipe.name]), recipe.tag]);
    return;
  }
  note('storing it in a registry');
  const registry = await startRegistry(node, folder);
  try {
    const remote = `${registry.host}/${recipe.tag}`;
    await engine.docker(['tag', recipe.tag, remote]);
    await engine.docker(['push', '--quiet', remote]);
  } finally {
    await registry.stop();
  }
  for (const name of ['registry.yml', 'registry.log']) rmSync(join(folder, name));
}

/** A proxy that this machine needs for Debian's packages is needed in a build too. */
function proxies(): readonly string[] {
  return ['http_proxy', 'https_proxy', 'no_proxy'].flatMap((name) =>
    process.env[name] === undefined ? [] : ['--build-arg', `${name}=${process.env[name]}`],
  );
}
