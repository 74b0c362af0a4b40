import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isLeft } from 'fp-ts/Either';
import { helpText } from '../../src/commands/help';
import { type CommandInfo, COMMANDS, isCommand } from '../../src/commands/table';
import { readSettings } from '../../src/config';
import { resolveDesired } from '../../src/model/resolve';
import type { Settings } from '../../src/model/settings';
import { SECRET_VARIABLES, SETTINGS_VARIABLES } from '../../src/model/variables';
import { aDevice, tagsOf } from '../support/desired';
import { commandBlocksOf, commandsUnder, ROOT, rowsUnder, tableWith } from '../support/docs';
import { everyFailure } from '../support/failures';

const DOCUMENTS = [
  'README.md',
  'CONTRIBUTING.md',
  'ARCHITECTURE.md',
  'collector/README.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

/** What a reader may have to have that no test has. */
const NEEDS = ['a balena account', 'systemd'];

function scripts(): readonly string[] {
  const file: unknown = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const found: unknown = typeof file === 'object' && file !== null ? Reflect.get(file, 'scripts') : {};
  return Object.keys(typeof found === 'object' && found !== null ? found : {});
}

/** Whether a test of its own stands behind the line: npm's scripts are what is run here, commands have tests by name. */
function isKnownByItself(line: string): boolean {
  // The lab's file of variables, by the path that it prints.
  if (line === '. FILE') return true;
  const [, script] = /^npm (?:run )?([\w:]+)(?: -- .*)?$/.exec(line) ?? [];
  if (script !== undefined) return scripts().includes(script);
  const [, command] = /^bin\/balena-backup (\S+)/.exec(line) ?? [];
  return command !== undefined && isCommand(command);
}

describe('commands in documents', () => {
  const blocks = DOCUMENTS.flatMap(commandBlocksOf);

  test('are found', () => {
    expect(blocks.length).toBeGreaterThan(3);
  });

  test.each(blocks.map((block) => ({ ...block, where: `${block.file}, "${block.heading}"` })))(
    'are run by a test, or say what they need: $where',
    ({ file, mark, lines, heading }) => {
      const [, runBy] = /^run by: (\S+)$/.exec(mark) ?? [];
      const [, needs] = /^needs: (.*)$/.exec(mark) ?? [];
      if (runBy !== undefined) {
        expect(existsSync(join(ROOT, runBy))).toBe(true);
        // A test runs what stands under a heading, or all that a document says.
        const test = readFileSync(join(ROOT, runBy), 'utf8');
        expect(test.includes(`'${heading}'`) || test.includes(file)).toBe(true);
      } else if (needs !== undefined) expect(NEEDS).toContain(needs);
      else expect(lines.filter((line) => !isKnownByItself(line))).toEqual([]);
    },
  );

  test.each(
    blocks
      .filter(({ lines }) => lines.some((line) => line.includes('settings.env')))
      .map(({ heading, lines }) => ({ heading, lines })),
  )('put an address in the place of HOST in the settings: $heading', ({ lines }) => {
    expect(lines.filter((line) => line.startsWith('sed -i s/HOST/'))).toHaveLength(1);
  });

  test('read the lab’s variables in each terminal that runs a command', () => {
    const [lab] = blocks.filter(({ lines }) => lines.includes('. FILE'));
    const commands = lab?.lines.filter((line) => line.startsWith('bin/')) ?? [];

    // The controller keeps its terminal.
    expect(commands.map((line) => lab?.lines[lab.lines.indexOf(line) - 1])).toEqual(commands.map(() => '. FILE'));
  });

  test.each(commandsUnder('CONTRIBUTING.md', 'Parts of it'))(
    'work: %s',
    (line) => {
      const { status, stderr } = spawnSync('sh', ['-c', line], { cwd: ROOT, encoding: 'utf8' });
      expect([status, status === 0 ? '' : stderr]).toEqual([0, '']);
    },
    60_000,
  );

  test('links lead to files that are there', () => {
    const broken = DOCUMENTS.flatMap((file) =>
      [...readFileSync(join(ROOT, file), 'utf8').matchAll(/\]\((?!https?:|#)([^)#]+)/g)]
        .map(([, to = '']) => join(file, '..', to))
        .filter((to) => !existsSync(join(ROOT, to)))
        .map((to) => `${file}: ${to}`),
    );
    expect(broken).toEqual([]);
  });
});

/** The text between code marks, or null where the cell says something in words. */
function codeOf(cell: string | undefined): string | null {
  return /^`([^`]+)`$/.exec(cell ?? '')?.[1] ?? null;
}

describe('the table of variables', () => {
  const rows = [...tableWith('README.md', '`CLI_API_KEY` *'), ...tableWith('README.md', '`COLLECTOR_CA_KEY`')];
  const nameOf = (row: readonly string[]): string => /^`([A-Z_]+)`( \*)?$/.exec(row[0] ?? '')?.[1] ?? '';
  const read = (environment: Readonly<Record<string, string>>): Settings => {
    const required = { CLI_API_KEY: 'key-of-the-test', PASSPHRASE: 'a long passphrase' };
    const settings = readSettings({ ...required, ...environment }, () => '');
    if (isLeft(settings)) throw new Error(settings.left.join('\n'));
    return settings.right;
  };
  /** Whether a field was given, and the environment itself, differ of course. */
  const compared = (settings: Settings): string =>
    JSON.stringify({ ...settings, environment: null, secrets: null }).replace(/"given":(true|false)/g, '""');

  test('has every variable once, and no other', () => {
    expect(rows.map(nameOf).sort()).toEqual(SETTINGS_VARIABLES.filter((name) => name !== 'TZ').toSorted());
  });

  test('has a star where a file may hold the value', () => {
    const starred = rows.filter(([name = '']) => name.endsWith(' *')).map(nameOf);
    expect(starred.sort()).toEqual([...SECRET_VARIABLES].sort());
  });

  test.each(
    rows
      .map((row) => ({ name: nameOf(row), value: codeOf(row[1]) }))
      .filter(({ name, value }) => value !== null && !name.startsWith('COLLECTOR_')),
  )('has the true default of $name', ({ name, value }) => {
    expect(compared(read({ [name]: value ?? '' }))).toBe(compared(read({})));
  });
});

describe('the tables of commands', () => {
  const typed = ({ name, usage }: CommandInfo): string => `${name} ${usage}`.trim();

  test('have every command once, as it is typed, and no other', () => {
    const documented = rowsUnder('docs/commands.md', 'command').map(([cell]) => codeOf(cell)?.replaceAll('\\|', '|'));

    expect(documented.toSorted()).toEqual(COMMANDS.map(typed).toSorted());
  });

  test.each(COMMANDS.map((command: CommandInfo) => ({ ...command, call: typed(command) })))(
    'matches what is read: $call',
    ({ name, usage, flags = [], values = [], words: [least, most] }) => {
      const options = [...usage.matchAll(/--([a-z-]+)/g)].map(([, option]) => option);
      const required = usage.replace(/ ?\[(?:[^[\]]|\[[^\]]*\])*\]/g, '').trim();

      expect([...options].sort()).toEqual([...flags, ...values].sort());
      expect(required === '' ? 0 : required.split(' ').length).toBe(least);
      expect(usage.includes('...')).toBe(most === Infinity);
      expect(helpText(name)).toContain('Example: ');
    },
  );

  test.each(COMMANDS.map(({ name, example }) => ({ name, example })))(
    'has an example of $name',
    ({ name, example }) => {
      expect(example).toMatch(new RegExp(`balena-backup ${name}( |$)`));
    },
  );
});

describe('the table of tags', () => {
  const rows = tableWith('README.md', '`backupEnabled`');
  const names = rows.map(([cell = '']) => /^`([A-Za-z]+)`$/.exec(cell)?.[1] ?? '');
  const settings = readSettings({ CLI_API_KEY: 'key-of-the-test', PASSPHRASE: 'a long passphrase' }, () => '');
  const wrong: Readonly<Record<string, string>> = {
    backupVolumes: '/',
    backupRequest: 'two\nlines',
    backupAddress: '-x',
  };

  test.each(names)('has a tag that is read: %s', (name) => {
    if (isLeft(settings)) throw new Error(settings.left.join('\n'));
    const tags = tagsOf({ backupEnabled: 'true', [name]: wrong[name] ?? 'no such value' });
    const [resolved] = resolveDesired([aDevice({ tags })], settings.right);
    const { desire } = resolved ?? { desire: { kind: 'enabled' } as const };
    expect(desire.kind).not.toBe('enabled');
    expect(JSON.stringify(desire)).toContain(name);
  });

  test('names the variables that stand in for tags', () => {
    const variables = rows.flatMap(([, , cell = '']) =>
      [...cell.matchAll(/`(BACKUP_[A-Z_]+)`/g)].map(([, name]) => name),
    );
    expect(variables.length).toBeGreaterThan(5);
    expect(variables.filter((name) => !SETTINGS_VARIABLES.includes(name ?? ''))).toEqual([]);
  });
});

describe('the page on security', () => {
  const named = (text: string): readonly string[] =>
    [...text.matchAll(/`((?:unit|properties|remote|e2e|wide)\/[a-z0-9-]+)`/g)].map(([, name = '']) => name);
  const rows = rowsUnder('docs/security.md', 'tries to');

  test.each(rows.map(([what = '', , tests = '']) => ({ what, tests })))('has a test of: $what', ({ tests }) => {
    expect(named(tests).length).toBeGreaterThan(0);
  });

  test('names tests that there are', () => {
    const all = [...new Set(named(readFileSync(join(ROOT, 'docs', 'security.md'), 'utf8')))];
    expect(rows.length).toBeGreaterThan(12);
    expect(all.filter((name) => !existsSync(join(ROOT, 'test', `${name}.test.ts`)))).toEqual([]);
  });
});

test('the table of failures has every kind once, in the order in which they are defined', () => {
  const kinds = tableWith('README.md', '`device-unreachable`').map(([cell]) => codeOf(cell));
  expect(kinds).toEqual(everyFailure.map(({ kind }) => kind));
});
