import { escapeControls, escapedJson, escapeLines } from '../../src/model/escape';
import { quoted } from '../../src/model/quote';

describe('a text of somebody else', () => {
  it.each([
    { name: 'what is harmless', text: 'a "b" \\ é 漢 😀', is: 'a "b" \\ é 漢 😀' },
    { name: 'ends of lines and tabs', text: 'a\nb\rc\td', is: 'a\\nb\\rc\\td' },
    { name: 'what steers a terminal', text: '\u001b[2Ja\u0007\u0000', is: '\\u001b[2Ja\\u0007\\u0000' },
    { name: 'what turns the direction', text: 'a\u202eb\u200b', is: 'a\\u202eb\\u200b' },
    { name: 'separators of lines', text: '\u2028\u2029\u0085', is: '\\u2028\\u2029\\u0085' },
    { name: 'half of a pair', text: '\ud800x', is: '\\ud800x' },
    { name: 'a tag of two units', text: '\u{e0041}', is: '\\udb40\\udc41' },
  ])('stands on one line: $name', ({ text, is }) => {
    expect(escapeControls(text)).toBe(is);
  });

  it('keeps its own lines where it may have some', () => {
    expect(escapeLines('a\u0007\nb\r\nc')).toBe('a\\u0007\nb\\r\nc');
  });

  it('is JSON of one line that reads as the same value', () => {
    const value = { a: 'x\u001b\n\u2028\u202e\u{e0041}', b: [1, null] };
    const text = escapedJson(value);

    expect(text).toMatch(/^[\x20-\x7e]+$/);
    expect(JSON.parse(text)).toEqual(value);
  });

  it.each([
    { text: '', is: '""' },
    { text: 'a b', is: '"a b"' },
    { text: 'a\n\u001b\u202e', is: '"a\\u{a}\\u{1b}\\u{202e}"' },
    { text: '\u{e0041}', is: '"\\u{e0041}"' },
    { text: 'x'.repeat(60), is: `"${'x'.repeat(60)}"` },
    { text: 'x'.repeat(61), is: `"${'x'.repeat(60)}…"` },
  ])('is quoted in a message: $is', ({ text, is }) => {
    expect(quoted(text)).toBe(is);
  });
});
