import { left, right } from 'fp-ts/Either';
import { parseCall } from '../../src/commands/call';
import { columnsText } from '../../src/commands/columns';
import { helpText, unknownCommand } from '../../src/commands/help';
import { type CommandInfo, COMMANDS } from '../../src/commands/table';

const backup: CommandInfo = {
  name: 'backup',
  usage: 'UUID [--full]',
  summary: '',
  example: '',
  words: [1, 1],
  flags: ['full', 'wait'],
  values: ['output'],
};
const execute: CommandInfo = { ...backup, name: 'execute', usage: 'UUID "ARGS"', words: [2, 2], rawWord: 1 };

function call(words: readonly string[], flags: readonly string[] = [], values: Record<string, string> = {}): unknown {
  const output = values['output'] ?? 'text';
  return right({ words, flags: new Set(flags), values: new Map(Object.entries(values)), output });
}

describe('what a person types behind a command', () => {
  it.each([
    { typed: ['abc'], expected: call(['abc']) },
    { typed: ['--full', 'abc', '--wait'], expected: call(['abc'], ['full', 'wait']) },
    { typed: ['abc', '--output', 'json'], expected: call(['abc'], [], { output: 'json' }) },
    { typed: ['--output=json', 'abc'], expected: call(['abc'], [], { output: 'json' }) },
    { typed: ['abc', '--output', 'text'], expected: call(['abc'], [], { output: 'text' }) },
    { typed: ['--', '--full'], expected: call(['--full']) },
  ])('is read: $typed', ({ typed, expected }) => {
    expect(parseCall(backup, typed)).toEqual(expected);
  });

  it.each([
    { typed: [], says: /"backup" needs more than that\.\nUsage: balena-backup backup UUID \[--full\]/ },
    { typed: ['abc', 'def'], says: /"def" is one word too many/ },
    { typed: ['abc', '--ful'], says: /no option --ful; did you mean --full\?/ },
    { typed: ['abc', '--full=yes'], says: /--full is used wrongly/ },
    {
      typed: ['abc', '--output', 'xml'],
      says: /--output "xml" is not known: write --output json, or leave it out\.\nUsage: /,
    },
    { typed: ['abc', '--output'], says: /--output is used wrongly/ },
    { typed: ['abc', '-x\u001b[31m'], says: /no option -x/ },
  ])('is refused with what to do: $typed', ({ typed, says }) => {
    const parsed = parseCall(backup, typed);

    expect(parsed).toEqual(left(expect.stringMatching(says)));
    expect(JSON.stringify(parsed)).not.toContain('\\u001b');
  });

  it.each([
    { typed: ['abc', '-v 9 /volumes file:///backups'], words: ['abc', '-v 9 /volumes file:///backups'] },
    { typed: ['abc', '--version'], words: ['abc', '--version'] },
    { typed: ['--wait', 'abc', '--wait'], words: ['abc', '--wait'] },
    { typed: ['--output', 'json', 'abc', '-v9'], words: ['abc', '-v9'] },
  ])('takes the raw word as it is: $typed', ({ typed, words }) => {
    expect(parseCall(execute, typed)).toMatchObject(right({ words }));
  });

  it('says that what is meant for Duplicity goes in quotes', () => {
    expect(parseCall(execute, ['abc', 'verify', '/volumes'])).toEqual(left(expect.stringContaining('in quotes')));
  });
});

describe('a table', () => {
  const head = ['DEVICE', 'STATE'];
  const rows = [
    ['1234567 (kitchen)', 'waits: it is not connected to balena'],
    ['7654321 (a)', 'due'],
  ];

  it('is as wide as its cells where nothing limits it', () => {
    expect(columnsText(head, rows, null)).toEqual([
      'DEVICE             STATE',
      '1234567 (kitchen)  waits: it is not connected to balena',
      '7654321 (a)        due',
    ]);
  });

  it('is cut to the terminal, the widest column first', () => {
    const lines = columnsText(head, rows, 40);

    expect(lines[1]).toBe('1234567 (kitchen)  waits: it is not con…');
    expect(Math.max(...lines.map((line) => line.length))).toBe(40);
  });

  it('lets no cell steer the terminal', () => {
    expect(columnsText(['A'], [['\u001b[2Jx\ny']], null)).toEqual(['A', '\\u001b[2Jx\\ny']);
  });
});

describe('the help', () => {
  it('names every command, with nothing wider than a usual terminal behind it', () => {
    const lines = helpText(null).split('\n');

    for (const { name } of COMMANDS) expect(lines.some((line) => line.startsWith(`  ${name} `))).toBe(true);
    expect(Math.max(...lines.slice(1).map((line) => line.length))).toBeLessThan(80);
  });

  it('says in whole sentences that there is no such command', () => {
    expect(unknownCommand('bogus')).toMatch(
      /^There is no command "bogus"; the commands are run, .*, completion\. Run "/,
    );
    expect(unknownCommand('statu')).toMatch(/^There is no command "statu"; did you mean status\? Run "/);
  });
});
