import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { controllerPid, lockState, type StateLock } from '../../src/ledger/lock';
import { LedgerError } from '../../src/ledger/ledgererror';
import { withFolder } from '../support/ledger';

function release(lock: StateLock): void {
  if ('heldBy' in lock) throw new Error('the lock was not ours');
  lock.release();
}

/** A process that holds the lock as a controller does, until it is killed. */
const holder = `
  const { DatabaseSync } = require('node:sqlite');
  const lock = new DatabaseSync(process.argv[1] + '/controller.lock');
  lock.exec('BEGIN EXCLUSIVE');
  setInterval(() => lock.isOpen, 1000);
  console.log('held');
`;

describe('the lock of a STATE_DIR', () => {
  it('is for one controller; the next is told which', () => {
    withFolder((folder) => {
      const stateDir = join(folder, 'state');
      expect(controllerPid(stateDir)).toBeNull();
      const first = lockState(stateDir);

      expect(lockState(stateDir)).toEqual({ heldBy: { pid: process.pid } });
      expect(controllerPid(stateDir)).toBe(process.pid);
      release(first);
      expect(controllerPid(stateDir)).toBeNull();
      release(lockState(stateDir));
    });
  });

  it('released twice does not take it from the next', () => {
    withFolder((stateDir) => {
      const first = lockState(stateDir);
      release(first);
      const second = lockState(stateDir);
      release(first);

      expect(controllerPid(stateDir)).toBe(process.pid);
      release(second);
    });
  });

  it('a pid that a controller left behind means nothing, even when a process has it now', () => {
    withFolder((stateDir) => {
      release(lockState(stateDir));
      writeFileSync(join(stateDir, 'controller.pid'), `${String(process.pid)} 1\n`);

      expect(controllerPid(stateDir)).toBeNull();
      const lock = lockState(stateDir);
      expect(controllerPid(stateDir)).toBe(process.pid);
      release(lock);
    });
  });

  it('ends with the process that holds it, however it ends', async () => {
    const stateDir = mkdtempSync(join(tmpdir(), 'ledger lock '));
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '-e', holder, stateDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    try {
      await once(child.stdout, 'data');
      const start =
        readFileSync(`/proc/${String(child.pid)}/stat`, 'utf8')
          .split(') ')
          .at(-1)
          ?.split(' ')[19] ?? '';
      writeFileSync(join(stateDir, 'controller.pid'), `${String(child.pid)} ${start}\n`);

      expect(lockState(stateDir)).toEqual({ heldBy: { pid: child.pid } });
      child.kill('SIGKILL');
      await ended;
      expect(controllerPid(stateDir)).toBeNull();
      release(lockState(stateDir));
    } finally {
      child.kill('SIGKILL');
      await ended;
      rmSync(stateDir, { recursive: true, force: true });
    }
  });

  it('in a folder that cannot be used is refused in words', () => {
    withFolder((folder) => {
      writeFileSync(join(folder, 'state'), '');

      expect(() => lockState(join(folder, 'state'))).toThrow(LedgerError);
    });
  });
});
