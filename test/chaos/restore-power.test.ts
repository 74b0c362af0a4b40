import { CUT_OFF, defineCuts } from '../support/restorescene';

describe('a restore whose device is cut off', () => {
  defineCuts([
    {
      name: 'the power is cut',
      happens: async ({ device }) => {
        await device.powerCut();
        await device.powerOn();
      },
      becomes: CUT_OFF,
    },
  ]);
});
