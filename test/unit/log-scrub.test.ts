import { scrubberOf } from '../../src/log/scrub';
import { Secret } from '../../src/model/secret';

const password = 'p/ss w+rd"ü=?1';
const pem =
  '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\nQyNTUxOQAAACBmb28gYmFy\nAAE=\n-----END OPENSSH PRIVATE KEY-----\n';

function scrub(text: string, ...secrets: readonly string[]): string {
  return scrubberOf(secrets.map((secret) => new Secret(secret)))(text);
}

describe('secrets in text', () => {
  it.each([
    { name: 'as it is', text: password },
    { name: 'percent-encoded', text: encodeURIComponent(password) },
    { name: 'percent-encoded, lower case', text: encodeURIComponent(password).toLowerCase() },
    { name: 'percent-encoded, slashes left', text: encodeURIComponent(password).replaceAll('%2F', '/') },
    { name: 'percent-encoded as a whole URL', text: encodeURI(password) },
    { name: 'form-encoded', text: new URLSearchParams({ a: password }).toString().slice(2) },
    { name: 'in JSON', text: JSON.stringify(password).slice(1, -1) },
    { name: 'in JSON of ASCII only', text: JSON.stringify(password).slice(1, -1).replace('ü', '\\u00FC') },
  ])('$name', ({ text }) => {
    expect(scrub(`before ${text} after`, password)).toBe('before [secret] after');
  });

  it.each([0, 1, 2, 3, 4])('in base64, %i bytes into it', (shift) => {
    const bytes = Buffer.from(`${'x'.repeat(shift)}${password}~~~`);
    for (const encoding of ['base64', 'base64url'] as const) {
      const left = scrub(`Basic ${bytes.toString(encoding)}`, password).replace(/^Basic |\[secret\]/g, '');

      expect(Buffer.from(left, 'base64').toString()).not.toMatch(/ss|w\+|rd/);
      expect(left.length).toBeLessThanOrEqual(14);
    }
  });

  it('several, and the same one more than once', () => {
    expect(scrub('one111 two222 one111', 'one111', 'two222')).toBe('[secret] [secret] [secret]');
  });

  it('that overlap or hold each other leave nothing', () => {
    expect(scrub('<abcdefghij>', 'abcdefg', 'efghij')).toBe('<[secret]>');
    expect(scrub('<abcdefghij>', 'cdefgh', 'abcdefghij')).toBe('<[secret]>');
    expect(scrub('<abaabaabaaba>', 'abaaba')).toBe('<[secret]>');
  });

  it('of several lines, line by line, but not what everybody knows', () => {
    const shown = scrub(`key:\n${pem}`, pem);

    expect(shown).toContain('-----BEGIN OPENSSH PRIVATE KEY-----');
    expect(shown).not.toMatch(/b3Bl|QyNT/);
    expect(scrub('{ }', '{\n  "private_key": "xyz"\n}\n')).toBe('{ }');
  });

  it('with an end of line are found without it', () => {
    expect(scrub('is hunter2', 'hunter2\n')).toBe('is [secret]');
  });

  it('that are short are found where they stand alone', () => {
    expect(scrub('abc=abc, abcd', 'abc')).toBe('[secret]=[secret], abcd');
  });

  it('with characters that patterns use are found', () => {
    expect(scrub('a (.*)+[^x]$\\1{2}|-/ b', '(.*)+[^x]$\\1{2}|-/')).toBe('a [secret] b');
  });

  it('that begin with a character of two halves are found, and the search ends', () => {
    expect(scrub('<😀😀😀😀😀😀😀>', '😀😀😀😀')).toBe('<[secret]>');
  });

  it('the empty text and blanks are none', () => {
    expect(scrub('a b\n', '', ' ', '\n')).toBe('a b\n');
  });
});
