import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeBase, readBaseRecipe } from './baseimages';
import { withBuilder } from './builder';
import { exclusively, keyOf, openCache, type Say } from './cache';
import type { LabDevice } from './device';

const CONTEXT = join(__dirname, 'duplicity-0.8');
const NAME = 'duplicity-0.8';
/** What DOCKER_IMAGE names after `loadOldDuplicity`: it cannot be pulled, so the device's own copy is used. */
export const OLD_DUPLICITY = `${NAME}:lab`;

/** Puts an image with Duplicity 0.8 onto the device. It is built once and kept in the cache. */
export async function loadOldDuplicity(device: LabDevice, say: Say = () => undefined): Promise<void> {
  await device.docker(['load', '--quiet', '--input', await imageFile(say)]);
}

async function imageFile(say: Say): Promise<string> {
  const cache = openCache();
  const base = readBaseRecipe('bookworm');
  const key = keyOf(base.key, readFileSync(join(CONTEXT, 'Dockerfile')));
  const made = (): string | null => cache.find(NAME, key);
  if (made() === null) {
    await exclusively(cache, say, async () => {
      if (made() !== null) return;
      const root = await cache.make('base', base.key, (folder) => makeBase(base, folder, say));
      await withBuilder(cache, async ({ engine }) => {
        await engine.docker(['import', join(root, 'rootfs.tar'), `debian:${base.suite}-slim`]);
        await cache.make(NAME, key, async (folder) => {
          await engine.docker(['build', '--tag', OLD_DUPLICITY, CONTEXT], { onLine: say });
          await engine.docker(['save', '--output', join(folder, 'image.tar'), OLD_DUPLICITY]);
        });
      });
    });
  }
  const folder = made();
  if (folder === null) throw new Error('the image with Duplicity 0.8 went from the cache while it was wanted');
  return join(folder, 'image.tar');
}
