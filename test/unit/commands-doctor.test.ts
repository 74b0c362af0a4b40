import { doctor } from '../../src/commands/doctor';
import { wrapped } from '../../src/commands/wrapped';
import { bad, badBy, type Check, type Finding, ok, warn } from '../../src/model/finding';
import { everyFailure } from '../support/failures';
import { aTerminal } from '../support/terminal';

function check(what: string, ...findings: readonly Finding[]): Check {
  return { what, limitMs: 5000, examine: () => Promise.resolve(findings) };
}

async function told(
  checks: readonly Check[],
  { output = 'text', columns = null }: { readonly output?: 'text' | 'json'; readonly columns?: number | null } = {},
): Promise<{ readonly code: number; readonly said: readonly string[] }> {
  const terminal = aTerminal({ columns });
  return { code: await doctor({ checks, output, terminal }), said: terminal.said };
}

describe('doctor', () => {
  test('lists what it found in the order of the checks, with what to do', async () => {
    const checks = [
      check('API', ok('it answers')),
      check('fleet key', warn('is new', 'Wait.'), bad('is gone', 'Restart.')),
    ];

    expect((await told(checks)).said).toEqual([
      'ok    API        it answers',
      'warn  fleet key  is new',
      '                 -> Wait.',
      'bad   fleet key  is gone',
      '                 -> Restart.',
    ]);
  });

  test.each([
    { name: 'all is well', findings: [ok('a')], code: 0 },
    { name: 'there is a warning', findings: [ok('a'), warn('b', 'c')], code: 0 },
    { name: 'something is bad', findings: [bad('a', 'b'), ok('c')], code: 1 },
  ])('gives $code where $name', async ({ findings, code }) => {
    expect((await told([check('x', ...findings)])).code).toBe(code);
  });

  test('tells programs the same', async () => {
    const { said } = await told([check('a', ok('fine')), check('b', bad('why', 'fix'))], { output: 'json' });

    expect(said.map((line): unknown => JSON.parse(line))).toEqual([
      {
        ok: false,
        checks: [
          { what: 'a', state: 'ok', why: 'fine', fix: null },
          { what: 'b', state: 'bad', why: 'why', fix: 'fix' },
        ],
      },
    ]);
  });

  test('gives up a check that takes too long, and only that', async () => {
    const slow: Check = { what: 'slow', limitMs: 20, examine: () => new Promise(() => undefined) };

    const { code, said } = await told([slow, check('quick', ok('fine'))]);

    expect(code).toBe(1);
    expect(said[0]).toMatch(/^bad {3}slow {3}there was no answer within 20 ms/);
    expect(said.at(-1)).toBe('ok    quick  fine');
  });

  test('tells what a check throws', async () => {
    const broken: Check = { what: 'x', limitMs: 5000, examine: () => Promise.reject(new Error('no such thing')) };

    expect((await told([broken])).said[0]).toBe('bad   x  no such thing');
  });

  test('lets nothing that was found steer the terminal', async () => {
    expect((await told([check('x', bad('a\u001b[2Jb\nc', 'd\re'))])).said.join('|')).toBe(
      'bad   x  a\\u001b[2Jb\\nc|         -> d\\re',
    );
  });

  test('fits the terminal without breaking words', async () => {
    const { said } = await told([check('x', ok('one two three four five six seven eight nine'))], { columns: 40 });

    expect(said).toEqual(['ok    x  one two three four five six', '         seven eight nine']);
  });
});

test('a word that is longer than the line stands alone', () => {
  expect(wrapped('a veryverylongwordthatdoesnotfitatall b', 2, 22)).toEqual([
    '  a',
    '  veryverylongwordthatdoesnotfitatall',
    '  b',
  ]);
});

test.each(everyFailure)('of a failure the last sentence is what to do: $kind', (failure) => {
  const { why, fix } = badBy(failure);

  expect(why).not.toBe('');
  expect(fix).toMatch(/^\S.*\S$/);
});
