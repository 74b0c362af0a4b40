import { type ChaosScene, MISHAPS, type Moment, startScene } from '../support/chaos';

const MOMENTS: readonly Moment[] = ['connecting', 'preparing', 'running', 'verifying', 'collecting'];

let scene: ChaosScene;

beforeAll(async () => {
  scene = await startScene();
});

afterAll(async () => {
  await scene.stop();
});

describe.each(MISHAPS)('$name', ({ happens }) => {
  it.each(MOMENTS)('while a run is %s: it converges, repeats nothing and leaves nothing behind', async (moment) => {
    await scene.backUpWith(moment, () => happens(scene));

    await scene.expectRest();
  });
});
