import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BASE_TAG } from './baseimages';
import { keyOf } from './cache';
import { NODE_TAG, nodeKey } from './nodebase';

export type ImageName = 'duplicity' | 'duplicity-full' | 'collector' | 'orchestrator' | 'stores';

/** How an image of ours is built, and a key of all that goes into it. */
export interface ImageRecipe {
  readonly name: ImageName;
  readonly tag: string;
  readonly context: string;
  /** The stage of its Dockerfile, or null for the last. */
  readonly target: string | null;
  readonly base: typeof BASE_TAG | typeof NODE_TAG;
  readonly key: string;
}

const ROOT = join(__dirname, '..', '..');
/** Changes when images are built or stored in another way. */
const EDITION = '1';

export function recipeOf(name: ImageName, baseKey: string): ImageRecipe {
  const recipe = (
    folder: string,
    files: readonly string[],
    base: ImageRecipe['base'],
    target: string | null = null,
  ): ImageRecipe => {
    const context = join(ROOT, folder);
    const contents = files.flatMap((file) => [file, readFileSync(join(context, file))]);
    const stand = base === NODE_TAG ? nodeKey() : '';
    // Devices ask for the same name, whichever of the two they are to get.
    const tag = `${name.replace('-full', '')}:lab`;
    return { name, tag, context, base, target, key: keyOf(EDITION, name, baseKey, stand, ...contents) };
  };
  switch (name) {
    case 'duplicity':
      return recipe('deploy/duplicity', filesBelow('deploy/duplicity'), BASE_TAG, 'small');
    case 'duplicity-full':
      return recipe('deploy/duplicity', filesBelow('deploy/duplicity'), BASE_TAG, 'full');
    case 'stores':
      return recipe('test/stores', ['Dockerfile', 'start', 'swift.sh'], BASE_TAG);
    case 'collector':
      return recipe('collector', filesBelow('collector'), BASE_TAG);
    case 'orchestrator':
      return recipe('.', orchestratorFiles(), NODE_TAG);
  }
}

/** As `.dockerignore` lets through. */
function orchestratorFiles(): readonly string[] {
  const single = readdirSync(ROOT).filter((name) =>
    /^(Dockerfile|\.dockerignore|package(-lock)?\.json|tsconfig.*\.json)$/.test(name),
  );
  const folders = ['src', 'bin'].flatMap((folder) => filesBelow(folder).map((file) => join(folder, file)));
  return [...single.sort(), ...folders];
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(ROOT, folder).length + 1))
    .sort();
}
