import { setTimeout as pause } from 'node:timers/promises';
import { stepDeviceClock } from '../lab/deviceclock';
import type { ChaosScene } from './chaos';

export interface Mishap {
  readonly name: string;
  readonly happens: (scene: ChaosScene) => Promise<void>;
}

const HOUR_S = 3600;

/** What may happen at any moment, and is over when it has happened; by what it happens to. */
export const MISHAPS = {
  controller: [
    { name: 'the controller is killed', happens: (scene) => scene.killController() },
    {
      name: 'the controller is killed while the link is cut',
      happens: async (scene) => {
        scene.device.cutLink();
        await scene.killController();
        scene.device.mendLink();
      },
    },
    {
      name: "the controller's clock is set back an hour, and right again",
      happens: async (scene) => {
        scene.stepClock(-HOUR_S * 1000);
        await pause(3000);
        scene.stepClock(0);
      },
    },
    {
      name: 'the API fails',
      happens: async ({ lab }) => {
        lab.api.faults.set({ kind: 'status', status: 500 });
        await pause(3000);
        lab.api.faults.clear();
      },
    },
  ],
  link: [
    {
      name: 'the link is cut',
      happens: async ({ device }) => {
        device.cutLink();
        await pause(1000);
        device.mendLink();
      },
    },
    {
      name: 'the link hangs',
      happens: async ({ device }) => {
        device.cutLink({ silent: true });
        await pause(3000);
        device.mendLink();
      },
    },
    {
      name: 'the gateway breaks all its links',
      happens: ({ lab }) => {
        lab.gateway.cut();
        return Promise.resolve();
      },
    },
    {
      name: 'the gateway dies and comes back',
      happens: async ({ lab }) => {
        await lab.gateway.stop();
        await pause(2000);
        await lab.gateway.start();
      },
    },
  ],
  device: [
    { name: "the device's engine is restarted", happens: ({ device }) => device.restartEngine() },
    {
      name: "the device's engine hangs, and goes on",
      happens: async ({ device }) => {
        await device.sh('kill -STOP $(cat /run/docker.pid)');
        await pause(5000);
        await device.sh('kill -CONT $(cat /run/docker.pid)');
      },
    },
    {
      name: "the device's power is cut",
      happens: async ({ device }) => {
        await device.powerCut();
        await device.powerOn();
      },
    },
    {
      name: "the device's clock is set back an hour, and right again",
      happens: async ({ device }) => {
        await stepDeviceClock(device, -HOUR_S);
        await pause(3000);
        await stepDeviceClock(device, 0);
      },
    },
  ],
  room: [
    {
      name: "the device's disk is full until the run has ended",
      happens: async (scene) => {
        await scene.device.sh('dd if=/dev/zero of=/mnt/data/filler bs=1M 2>/dev/null || :');
        await scene.runEnded().finally(() => scene.device.sh('rm -f /mnt/data/filler'));
      },
    },
    {
      name: 'the target is full until the run has ended',
      happens: async (scene) => {
        scene.fillStore();
        await scene.runEnded().finally(() => {
          scene.emptyStore();
        });
      },
    },
  ],
} as const satisfies Readonly<Record<string, readonly Mishap[]>>;

/** One of them by its name. */
export function mishapOf(name: string): Mishap {
  const found = Object.values(MISHAPS)
    .flat()
    .find((mishap) => mishap.name === name);
  if (found === undefined) throw new Error(`there is no mishap "${name}"`);
  return found;
}
