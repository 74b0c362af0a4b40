import { type ChaosScene, MOMENTS, startScene } from './chaos';
import type { Mishap } from './mishaps';

/** Has each of them happen at each moment of a run. */
export function defineMoments(mishaps: readonly Mishap[]): void {
  let scene: ChaosScene;

  beforeAll(async () => {
    scene = await startScene();
  });

  afterAll(async () => {
    await scene.stop();
  });

  describe.each(mishaps)('$name', ({ happens }) => {
    it.each(MOMENTS)('while a run is %s: it converges, repeats nothing and leaves nothing behind', async (moment) => {
      await scene.backUpWith(moment, () => happens(scene));

      await scene.expectRest();
    });
  });
}
