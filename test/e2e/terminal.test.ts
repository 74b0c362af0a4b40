import type { LabDevice } from '../lab/device';
import { type Lab, startLab } from '../lab/lab';
import { startInTerminal, type TerminalProcess } from '../support/pty';
import { until } from '../support/wait';

const CTRL_C = '\u0003';
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

function start(columns: number, ...words: readonly string[]): TerminalProcess {
  // Slow enough to be interrupted.
  return startInTerminal(lab.environment({ BACKUP_BANDWIDTH: '300K' }), columns, ...words);
}

/** What a person ends up with on the lines of the terminal. */
function linesOf(terminal: TerminalProcess): readonly string[] {
  return terminal
    .shown()
    .split(/\r?\n/)
    .map((line) => line.slice(line.lastIndexOf('\r') + 1).replaceAll('\u001b[K', ''));
}

describe('in a terminal', () => {
  it('a backup shows in place what it does, and leaves no trace of that', async () => {
    const terminal = start(100, 'backup', 'kitchen');
    await terminal.shows(/s: Duplicity runs/);
    await terminal.shows(/checking that the snapshot is at the target/);

    expect(await terminal.ended).toBe(0);
    expect(linesOf(terminal).join('\n')).not.toMatch(/Duplicity runs|checking that/);
    expect(linesOf(terminal).at(-2)).toMatch(/^Stored a full snapshot/);
  });

  it('Ctrl-C asks once; Enter leaves the run going, and the same command takes it up again', async () => {
    const terminal = start(100, 'backup', 'kitchen', '--full');
    await terminal.shows(/Duplicity runs/);
    terminal.type(CTRL_C);
    await terminal.shows(/Leave the run going on the device \[Enter\], or stop it there \[s\]\?/);
    terminal.type('\n');

    expect(await terminal.ended).toBe(130);
    expect(await device.containers()).toMatchObject([{ state: 'running' }]);
    const again = start(100, 'backup', 'kitchen');
    await again.shows(/Took up run/);
    expect(await again.ended).toBe(0);
  });

  it('Ctrl-C and s stop the run on the device', async () => {
    const terminal = start(100, 'backup', 'kitchen', '--full');
    await terminal.shows(/Duplicity runs/);
    terminal.type(CTRL_C);
    await terminal.shows(/stop it there \[s\]\?/);
    terminal.type('s\n');

    expect(await terminal.ended).toBe(130);
    expect(linesOf(terminal).join('\n')).toMatch(/cancelled by a person/);
    await until('the container to be gone', async () => ((await device.containers()).length === 0 ? true : null));
  });

  it('a table fits a narrow window', async () => {
    const terminal = start(44, 'snapshots', 'kitchen');

    expect(await terminal.ended).toBe(0);
    const table = linesOf(terminal).filter((line) => /KIND|full/.test(line));
    expect(table.length).toBeGreaterThan(1);
    expect(Math.max(...table.map((line) => line.length))).toBeLessThanOrEqual(44);
  });
});
