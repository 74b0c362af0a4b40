import { BEFORE, CUT_OFF, defineCuts, RESTORED } from '../support/restorescene';

describe('a restore whose engine ends', () => {
  defineCuts([
    { name: 'the engine is restarted', happens: ({ device }) => device.restartEngine(), becomes: CUT_OFF },
    {
      name: 'the engine is killed and started',
      happens: async ({ device }) => {
        await device.stopEngine('KILL');
        await device.startEngine();
      },
      // Killed alone, it leaves the container of the run alive, which goes on.
      becomes: { ...CUT_OFF, 'while it fetches': [BEFORE, RESTORED] },
      // Docker 20.10, killed while it starts a container, has "task already exists" for it until the device restarts.
      engineMayRefuseIn: 'once the volumes are exchanged',
    },
  ]);
});
