import { isLeft } from 'fp-ts/Either';
import { expandWord, type Variables } from '../../src/model/expand';
import { parseWords } from '../../src/model/words';

const variables: Variables = {
  uuid: 'f'.repeat(32),
  environment: new Map([
    ['B2_ID', 'a b'],
    ['DOLLAR', '$B2_ID'],
    ['EMPTY', ''],
    ['PASSPHRASE', 'hidden'],
  ]),
  allowed: null,
  isForbidden: (name) => name === 'PASSPHRASE',
};

/** The expanded words, or the first problem. */
function expanded(text: string, over: Partial<Variables> = {}): readonly string[] | string {
  const words = parseWords(text);
  if (isLeft(words)) return words.left;
  const done: string[] = [];
  for (const word of words.right) {
    const value = expandWord(word, { ...variables, ...over });
    if (isLeft(value)) return value.left;
    done.push(value.right);
  }
  return done;
}

describe('the words of a URL value', () => {
  it.each([
    { name: 'blanks of every kind', text: ' a\tb\n c ', expected: ['a', 'b', 'c'] },
    { name: 'line ends of other systems', text: 'a\r\nb\rc', expected: ['a', 'b', 'c'] },
    { name: 'an empty word before others', text: "'' a", expected: ['', 'a'] },
    { name: 'a single quote at once behind another', text: "''''", expected: [''] },
    {
      name: 'every sign that a backslash protects in double quotes',
      text: '"\\\\ \\` \\" \\$"',
      expected: ['\\ ` " $'],
    },
    { name: 'a word that ends with the text', text: 'a b', expected: ['a', 'b'] },
    { name: 'nothing', text: '  ', expected: [] },
    { name: 'an empty word in quotes', text: `a '' ""`, expected: ['a', '', ''] },
    { name: 'quotes inside a word', text: `--x='a b'"c d"e`, expected: ['--x=a bc de'] },
    { name: 'no globs and no operators', text: '* ; $UUID|x', expected: ['*', ';', `${'f'.repeat(32)}|x`] },
    { name: 'a backslash before a blank', text: 'a\\ b', expected: ['a b'] },
    { name: 'a backslash that means itself in double quotes', text: '"a\\b"', expected: ['a\\b'] },
    { name: 'an escaped quote in double quotes', text: '"a\\"b"', expected: ['a"b'] },
    { name: 'a value with a blank stays one word', text: '$B2_ID/x', expected: ['a b/x'] },
    { name: 'a value is not expanded again', text: '$DOLLAR', expected: ['$B2_ID'] },
    { name: 'braces end a name', text: '${B2_ID}x "${B2_ID}"', expected: ['a bx', 'a b'] },
    { name: 'single quotes protect', text: `'$B2_ID'`, expected: ['$B2_ID'] },
    { name: 'a backslash protects', text: '\\$B2_ID', expected: ['$B2_ID'] },
    { name: 'a backslash protects in double quotes', text: '"\\$B2_ID"', expected: ['$B2_ID'] },
  ])('$name', ({ text, expected }) => {
    expect(expanded(text)).toEqual(expected);
  });

  it.each([
    { name: 'an open single quote', text: `a 'b`, message: /single quote .* is not closed/ },
    { name: 'an open double quote', text: 'a "b', message: /double quote .* is not closed/ },
    { name: 'a backslash at the end', text: 'a\\', message: /ends in a backslash/ },
    { name: 'an unknown variable with a near one', text: '$SCRT_B2_ID', message: /\$SCRT_B2_ID is not set .*\$B2_ID/ },
    { name: 'an empty variable', text: '$EMPTY', message: /\$EMPTY is empty/ },
    { name: 'a forbidden variable', text: '$PASSPHRASE', message: /\$PASSPHRASE may not be used/ },
    { name: 'a dollar before no name', text: 'a$', message: /does not stand before a name/ },
    { name: 'braces round something else', text: '${a-b}', message: /does not stand before a name/ },
  ])('$name is refused', ({ text, message }) => {
    expect(expanded(text)).toMatch(message);
  });

  it('takes only the listed variables when there is a list', () => {
    expect(expanded('$B2_ID', { allowed: ['OTHER'] })).toMatch(/not in BACKUP_URL_VARIABLES/);
    expect(expanded('$UUID', { allowed: [] })).toEqual(['f'.repeat(32)]);
  });

  it('suggests only what is set, and our own name of the device', () => {
    expect(expanded('$EMPTYY')).not.toMatch(/did you mean/);
    expect(expanded('$UUIDD')).toMatch(/did you mean \$UUID\?/);
  });

  it('suggests only what is in the list when there is one', () => {
    expect(expanded('$DOLLA', { allowed: ['DOLLA', 'DOLLAR'] })).toMatch(/did you mean \$DOLLAR\?/);
    expect(expanded('$DOLLA', { allowed: ['DOLLA'] })).not.toMatch(/did you mean/);
  });

  it('has each of its problems told, the first first', () => {
    expect(expanded('$NOPE$PASSPHRASE')).toMatch(/\$NOPE is not set on the orchestrator; set it there/);
  });

  it('never suggests a variable that may not be used', () => {
    expect(expanded('$PASSPHRAS')).not.toMatch(/did you mean/);
  });
});
