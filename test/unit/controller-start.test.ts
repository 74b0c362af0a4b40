import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openLedger } from '../../src/ledger/ledger';
import { until } from '../support/wait';

const ROOT = join(__dirname, '../..');
const CONTROLLER = `
  const settings = require('./src/config').readEnvironment().right;
  require('./src/controller').runController(settings).then((code) => process.exit(code));
`;
/** It starts from TypeScript, on a machine that may be busy. */
const LIMIT_MS = 90_000;

describe('a controller that is about to start', () => {
  it(
    'is not ended by whoever asks it for a pass: it makes one',
    async () => {
      const stateDir = mkdtempSync(join(tmpdir(), 'controller start '));
      openLedger(stateDir).close();
      const other = new DatabaseSync(join(stateDir, 'ledger.sqlite'));
      // It waits for the ledger, with its pid written down already.
      other.exec('BEGIN IMMEDIATE');
      const child = spawn(process.execPath, ['-r', './scripts/typescript.cjs', '-e', CONTROLLER], {
        cwd: ROOT,
        env: {
          PATH: process.env['PATH'],
          CLI_API_KEY: 'key',
          PASSPHRASE: 'correct horse battery staple',
          STATE_DIR: stateDir,
          KEYS_DIR: join(stateDir, 'keys'),
          BALENA_API_URL: 'http://127.0.0.1:9',
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let said = '';
      child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
      const exited = once(child, 'exit');
      try {
        await until(
          'its pid',
          () => child.exitCode ?? (existsSync(join(stateDir, 'controller.pid')) || undefined),
          30_000,
        );
        child.kill('SIGHUP');
        other.exec('ROLLBACK');
        await until('its first pass', () => child.signalCode ?? (/reconcile\.failed/.test(said) || undefined), 30_000);
        child.kill('SIGTERM');

        expect(await exited).toEqual([0, null]);
      } finally {
        child.kill('SIGKILL');
        other.close();
        rmSync(stateDir, { recursive: true, force: true });
      }
    },
    LIMIT_MS,
  );
});
