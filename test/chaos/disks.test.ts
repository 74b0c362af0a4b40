import { type ChaosScene, startScene } from '../support/chaos';

let scene: ChaosScene;

beforeAll(async () => {
  scene = await startScene();
});

afterAll(async () => {
  await scene.stop();
});

describe('a full disk', () => {
  it('of the device fails the run in words, and the next try is made when there is room', async () => {
    const { device } = scene;
    await scene.backUpWith('connecting', async () => {
      await device.sh('dd if=/dev/zero of=/mnt/data/filler bs=1M 2>/dev/null || :');
      const isFailure = (line: Readonly<Record<string, unknown>>): boolean => line['event'] === 'run.failed';
      const since = scene.controller.lines.length;
      await scene.controller.waitFor('the failure', isFailure, { since, deadlineMs: 60_000 }).catch(() => null);
      await device.sh('rm -f /mnt/data/filler');
    });

    await scene.expectRest();
  });
});
