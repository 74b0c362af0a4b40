import { BEFORE, defineCuts, RESTORED } from '../support/restorescene';

/** What had been fetched is gone with the engine or the power; what had begun to be exchanged is brought to its end. */
const BECOMES = {
  // A start that the device forgot is made again.
  'before it has begun there': [BEFORE, RESTORED],
  'while it fetches': [BEFORE],
  'while services stop': [RESTORED],
  'once the volumes are exchanged': [RESTORED],
};

describe('a restore whose device is cut off', () => {
  defineCuts([
    { name: 'the engine is restarted', happens: ({ device }) => device.restartEngine(), becomes: BECOMES },
    {
      name: 'the engine is killed and started',
      happens: async ({ device }) => {
        await device.stopEngine('KILL');
        await device.startEngine();
      },
      // Killed alone, it leaves the container of the run alive, which goes on.
      becomes: { ...BECOMES, 'while it fetches': [BEFORE, RESTORED] },
      // Docker 20.10, killed while it starts a container, has "task already exists" for it until the device restarts.
      engineMayRefuseIn: 'once the volumes are exchanged',
    },
    {
      name: 'the power is cut',
      happens: async ({ device }) => {
        await device.powerCut();
        await device.powerOn();
      },
      becomes: BECOMES,
    },
  ]);
});
