import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { LabDevice } from '../lab/device';
import { type Lab, startLab } from '../lab/lab';
import { command, type CommandResult, startCommand } from '../support/command';
import { restoreWithDuplicity } from '../support/duplicity';
import { treeOf } from '../support/tree';

const SECRET = 'hush-hush';
let lab: Lab;
let device: LabDevice;

beforeAll(async () => {
  lab = await startLab();
  device = await lab.addDevice({ fleet: lab.addFleet({ name: 'home' }), name: 'kitchen' });
  await device.seedVolume('data');
});

afterAll(async () => {
  await lab.stop();
});

function run(...words: readonly string[]): Promise<CommandResult> {
  return command(lab.environment(), ...words);
}

/** For `toMatchObject`. */
function matching(pattern: RegExp): unknown {
  return expect.stringMatching(pattern);
}

function volume(): string {
  return device.volumePath('data');
}

describe('backup', () => {
  it('backs a device up as its tags say, shows what it does, and gives 0', async () => {
    const { code, out, err } = await run('backup', 'kitchen');

    expect({ code, err }).toMatchObject({ code: 0 });
    expect(err).toMatch(/Backing up \w{7} \(kitchen\): all volumes .* to rsync:/);
    expect(err).toContain('not enabled for backups on schedule');
    expect(out).toContain('Backup Statistics');
    expect(out).toMatch(/Stored a full snapshot in .*files of/);
    expect(`${out}${err}`).toMatch(/^[^\p{Cc}]*(?:\n[^\p{Cc}]*)*$/u);
    const restored = restoreWithDuplicity(lab.storeOf(device), lab.passphrase);
    expect(treeOf(join(restored.folder, 'data'))).toEqual(treeOf(volume()));
    restored.remove();
    expect(await device.containers()).toEqual([]);
  });

  it('makes a new chain with --full', async () => {
    const { code, out } = await run('backup', device.uuid.slice(0, 7), '--full');

    expect(code).toBe(0);
    expect(out).toMatch(/Stored a full snapshot/);
  });

  it.each([
    { words: ['backup', 'nobody'], code: 2, says: /No device is called "nobody"/ },
    { words: ['backup'], code: 2, says: /needs more than that.\nUsage:/ },
    { words: ['backup', 'kitchen', '--fast'], code: 2, says: /There is no option --fast/ },
  ])('refuses $words with what to do', async ({ words, code, says }) => {
    const result = await run(...words);

    expect(result.code).toBe(code);
    expect(result.err).toMatch(says);
  });

  it('gives 3 for a device that is offline', async () => {
    lab.api.state.setConnected(device.uuid, false);
    const { code, err } = await run('backup', 'kitchen');
    lab.api.state.setConnected(device.uuid, true);

    expect(code).toBe(3);
    expect(err).toMatch(/is not connected to balena.*--wait/);
  });

  it('leaves the run going at Ctrl-C without a terminal, gives 130, and follows it again when asked', async () => {
    await device.putFiles('data', { big: 'x'.repeat(1_000_000) });
    const first = startCommand(lab.environment({ BACKUP_BANDWIDTH: '300K' }), 'backup', 'kitchen', '--full');
    await first.says(/Last full backup date|Running/i);
    first.child.kill('SIGINT');
    const { code, err } = await first.ended;
    expect(code).toBe(130);
    expect(err).toMatch(/goes on, on the device.*balena-backup backup kitchen/);
    expect(await device.containers()).toMatchObject([{ state: 'running' }]);

    const again = await run('backup', 'kitchen');
    expect(again).toMatchObject({ code: 0 });
    expect(again.err).toMatch(/Took up run \w+ on kitchen/);
    rmSync(join(volume(), 'big'));
  });
});

describe('snapshots and list', () => {
  it('show what there is, from the collector even while the device is offline', async () => {
    lab.api.state.setConnected(device.uuid, false);
    const { code, out } = await run('snapshots', 'kitchen');
    const json = await run('snapshots', 'kitchen', '--output', 'json');
    lab.api.state.setConnected(device.uuid, true);

    expect(code).toBe(0);
    expect(out).toMatch(/^TIME +KIND +VOLUMES +SIZE +STATE\n\S+Z +full +1 +3\.\d MiB +complete\n/);
    expect(JSON.parse(json.out)).toMatchObject({
      snapshots: [
        { mode: 'full', volumes: 1, complete: true },
        { mode: 'full', complete: true },
        { mode: 'full', complete: true },
      ],
    });
  });

  it('ask the device where only it can look', async () => {
    lab.setTag(device, 'backupUrl', 'file:///backups/own');
    expect(await run('backup', 'kitchen')).toMatchObject({ code: 0 });
    const { code, out } = await run('snapshots', 'kitchen', '--output', 'json');
    lab.setTag(device, 'backupUrl', null);

    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      snapshots: [{ mode: 'full', volumes: 1, bytes: null, complete: true }],
    });
  });

  it('show the files of a snapshot, all or below a path', async () => {
    const all = await run('list', 'kitchen', '--output', 'json');
    const below = await run('list', 'kitchen', 'data', '--at', 'now');

    expect(all.code).toBe(0);
    expect(JSON.parse(all.out)).toMatchObject({
      files: expect.arrayContaining([{ time: matching(/Z$/), path: 'data' }]) as unknown,
    });
    expect(below.out.split('\n')[0]).toMatch(/^\S+Z {2}data$/);
  });
});

describe('execute', () => {
  it('shows no password of a URL, whatever the verbosity', async () => {
    const text = `collection-status -v 9 rsync://user:${SECRET}@127.0.0.1::module/nowhere`;
    const { code, out, err } = await run('execute', 'kitchen', text);

    expect(code).toBe(1);
    expect(`${out}${err}`).toContain('nowhere');
    expect(`${out}${err}`).not.toContain(SECRET);
  });
});
