import { setTimeout as pause } from 'node:timers/promises';
import { startInTerminal } from '../support/pty';
import { BEFORE, defineCuts, RESTORED, restoreScene } from '../support/restorescene';

describe('a restore whose command or link is lost', () => {
  defineCuts([
    {
      name: 'the orchestrator is killed',
      happens: (_scene, { child }) => {
        child.kill('SIGKILL');
        return Promise.resolve();
      },
      becomes: {
        'before it has begun there': [BEFORE],
        'while it fetches': [RESTORED],
        'while services stop': [RESTORED],
        'once the volumes are exchanged': [RESTORED],
      },
    },
    {
      name: 'the link is cut for three seconds',
      happens: async ({ device }) => {
        device.cutLink();
        await pause(3000);
        device.mendLink();
      },
      becomes: {
        // The command may give up a device that it has not reached yet.
        'before it has begun there': [BEFORE, RESTORED],
        'while it fetches': [RESTORED],
        'while services stop': [RESTORED],
        'once the volumes are exchanged': [RESTORED],
      },
    },
  ]);
});

describe('a restore that a person leaves or ends', () => {
  const sceneOf = restoreScene();

  it('is followed again by the same words, and its result told', async () => {
    const scene = sceneOf();
    const running = await scene.begin();
    await scene.reached('while it fetches', running);
    running.child.kill('SIGINT');
    const left = await running.ended;

    const again = await scene.again();

    expect(left).toMatchObject({ code: 130 });
    expect(again.err).toMatch(/left on the device; no other is begun/);
    expect(again.out).toMatch(/Restored data, settings from the backup/);
    expect(again.code).toBe(0);
    expect(await scene.settled()).toEqual(RESTORED);
    expect(await scene.hasContainer()).toBe(false);
  });

  it('with Ctrl-C: nothing has changed, and the command says so', async () => {
    const scene = sceneOf();
    await scene.change();
    const terminal = startInTerminal(scene.environment(), 100, 'restore', scene.device.uuid);
    await terminal.shows(/Restore now\? \[y\/N\]/);
    terminal.type('y\n');
    await scene.reached('while it fetches', null);
    terminal.type('\u0003');
    await terminal.shows(/stop it there \[s\]\?/);
    terminal.type('s\n');

    expect(await terminal.ended).toBe(130);
    expect(terminal.shown()).toMatch(/cancelled by a person\. The volumes of the device are as they were/);
    expect(await scene.settled()).toEqual(BEFORE);
    expect(await scene.hasContainer()).toBe(false);
  });
});
