import { type ChaosScene, type Moment, startScene } from '../support/chaos';
import { mishapOf } from '../support/mishaps';

let scene: ChaosScene;

beforeAll(async () => {
  scene = await startScene();
});

afterAll(async () => {
  await scene.stop();
});

/** A few of `npm run test:chaos`: one for each kind of thing that can be lost. */
const CHOSEN: readonly { readonly moment: Moment; readonly mishap: string }[] = [
  { moment: 'connecting', mishap: 'the controller is killed' },
  { moment: 'running', mishap: 'the link hangs' },
  { moment: 'running', mishap: "the device's power is cut" },
  { moment: 'verifying', mishap: 'the controller is killed while the link is cut' },
  { moment: 'collecting', mishap: 'the gateway breaks all its links' },
];

describe('whatever happens to a run', () => {
  it.each(CHOSEN)('$mishap while it is $moment: it converges and leaves nothing behind', async ({ moment, mishap }) => {
    await scene.backUpWith(moment, () => mishapOf(mishap).happens(scene));

    await scene.expectRest();
  });
});
