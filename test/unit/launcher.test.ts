import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../support/docs';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'balena backup '));
  cpSync(join(ROOT, 'bin'), join(root, 'bin'), { recursive: true });
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function built(): void {
  mkdirSync(join(root, 'dist'));
  writeFileSync(join(root, 'dist/main.js'), "console.log(process.argv.slice(2).join(' '))");
}

function launch(program: string, ...words: readonly string[]): { code: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(join(root, 'bin', program), words, { encoding: 'utf8' });
  return { code: status, said: stdout + stderr };
}

describe('the launcher', () => {
  test.each([
    { name: 'a fresh checkout', prepare: () => undefined },
    { name: 'a checkout whose packages are gone', prepare: built },
  ])('says of $name that set-up has not been run, and what to run, and ends with 2', ({ prepare }) => {
    prepare();
    for (const program of ['balena-backup', 'backup.sh', 'restore.sh', 'execute.sh']) {
      const { code, said } = launch(program, 'x');

      expect(code).toBe(2);
      expect(said).toBe(`Set-up has not been run in '${root}'. Run there: npm run setup (as root), or npm run build\n`);
    }
  });

  test('starts the program on the Node.js that set-up brought, before any other', () => {
    built();
    mkdirSync(join(root, 'node_modules/.bin'), { recursive: true });
    writeFileSync(join(root, 'node_modules/.bin/node'), '#!/bin/sh\necho "ours: $3"\n', { mode: 0o755 });

    expect(launch('backup.sh', 'kitchen')).toEqual({ code: 0, said: 'ours: backup\n' });
  });

  test.each(['setup', 'build'])('finds all that it needs after "npm run %s"', (script) => {
    const scripts = readFileSync(join(ROOT, 'package.json'), 'utf8');

    expect(scripts).toMatch(new RegExp(`"${script}": "sh scripts/setup \\w+ && sh scripts/build"`));
  });
});
