import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { completion } from '../../src/commands/completion';
import { COMMANDS } from '../../src/commands/table';
import { openLedger } from '../../src/ledger/ledger';
import { typedNames } from '../../src/ledger/names';
import { aUuid } from '../support/desired';
import { aNewRun, aFailure, runThrough } from '../support/ledger';
import { aTerminal } from '../support/terminal';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'completion test '));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function script(shell: string): string {
  const terminal = aTerminal();
  expect(completion(shell, { devices: () => [], terminal })).toBe(0);
  return terminal.said.join('\n');
}

/** What bash offers for the last word, with a `balena-backup` that knows these devices. */
function offered(words: readonly string[], devices: readonly string[] = []): readonly string[] {
  writeFileSync(join(folder, 'devices'), devices.map((name) => `${name}\n`).join(''));
  writeFileSync(
    join(folder, 'balena-backup'),
    `#!/bin/sh\n[ "$*" = 'completion devices' ] && cat '${join(folder, 'devices')}'\n`,
  );
  chmodSync(join(folder, 'balena-backup'), 0o755);
  const ask = `cd "$FOLDER"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _balena_backup; [ "\${#COMPREPLY[@]}" -eq 0 ] || printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync(
    'bash',
    ['--norc', '-c', `${script('bash')}\n${ask}`, 'bash', 'balena-backup', ...words],
    {
      encoding: 'utf8',
      env: { PATH: `${folder}:${process.env['PATH'] ?? ''}`, FOLDER: folder },
    },
  );
  expect(stderr).toBe('');
  return stdout.split('\n').filter((line) => line !== '');
}

describe('what bash offers', () => {
  test('first is every command', () => {
    expect(offered([''])).toEqual(COMMANDS.map(({ name }) => name));
    expect(offered(['pa'])).toEqual(['passphrase']);
  });

  test.each([
    { words: ['backup', '--'], expected: ['--full', '--wait', '--help'] },
    { words: ['status', '--out'], expected: ['--output'] },
    { words: ['status', '--output', ''], expected: ['json'] },
    { words: ['completion', 'b'], expected: ['bash'] },
    { words: ['doctor', ''], expected: ['--output', '--help'] },
  ])('behind $words is $expected', ({ words, expected }) => {
    expect(offered(words, ['kitchen'])).toEqual(expected);
  });

  test('for a device is its name, quoted where it must be', () => {
    expect(offered(['why', 'k'], ['kitchen', 'office', 'king size'])).toEqual(['kitchen', 'king\\ size']);
    expect(offered(['why', 'king\\ s'], ['king size'])).toEqual(['king\\ size']);
  });

  test('is never evaluated, whatever a device is called', () => {
    const names = ['$(touch evil)', '`touch evil`', '; touch evil', "'", '*', '~root', '$HOME'];

    const lines = offered(['why', ''], names);

    expect(existsSync(join(folder, 'evil'))).toBe(false);
    expect(lines).toContain('\\$\\(touch\\ evil\\)');
    expect(lines).toContain('\\*');
    expect(lines).toHaveLength(names.length + 2);
  });
});

test.each(['zsh', 'fish'])(
  '%s has every command with its options, and asks for devices where one is wanted',
  (shell) => {
    const text = script(shell);

    for (const { name } of COMMANDS) expect(text).toContain(name);
    for (const word of ['full', 'wait', 'output', 'yes', 'at', 'help']) expect(text).toContain(word);
    expect(text.match(/completion devices/g)).toHaveLength(
      COMMANDS.filter(({ usage }) => usage.includes('UUID')).length,
    );
  },
);

test('another shell is refused with those that there are', () => {
  const terminal = aTerminal();

  expect(completion('tcsh', { devices: () => [], terminal })).toBe(2);
  expect(terminal.complained.join()).toMatch(/bash, zsh and fish/);
});

describe('the devices for a shell', () => {
  test('are those of the ledger: by name, or by UUID where the name is not fit', () => {
    const ledger = openLedger(folder);
    const names = ['kitchen', 'twin', 'twin', '', '-x', 'a\nb', 'king size'];
    for (const [n, deviceName] of names.entries()) {
      runThrough(ledger, aNewRun({ device: aUuid(n + 1), deviceName }), aFailure());
    }
    ledger.close();

    expect([...typedNames(folder)].sort()).toEqual(
      ['kitchen', 'king size', ...[2, 3, 4, 5, 6].map((n): string => aUuid(n))].sort(),
    );
  });

  test('are none where there is no ledger, or one that cannot be read', () => {
    expect(typedNames(folder)).toEqual([]);
    writeFileSync(join(folder, 'ledger.sqlite'), 'no database');
    expect(typedNames(folder)).toEqual([]);
  });
});
