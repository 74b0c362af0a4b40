import type { Secret } from '../model/secret';

const PLACEHOLDER = '[secret]';

/** Shorter ones occur inside of words by chance: they are only found where they stand alone. */
const SHORTEST_INSIDE = 6;

/** Lines of a key file that everybody knows. */
const PEM_MARKER = /^-----(?:BEGIN|END) [A-Z0-9 ]+-----$/;

/**
 * A function that replaces every known secret in a text, whether it stands there as it is, percent-encoded or
 * form-encoded (wholly or in part), with JSON's escapes, or in base64 of any alignment; secrets of several lines line
 * by line. The empty text is no secret.
 */
export function scrubberOf(secrets: readonly Secret[]): (text: string) => string {
  const parts = new Set(secrets.flatMap((secret) => partsOf(secret.reveal())));
  const patterns = [...parts].flatMap(patternsOf);
  return (text) =>
    withoutSpans(
      text,
      patterns.flatMap((pattern) => spansOf(pattern, text)),
    );
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/** A short line of a longer secret, such as a bracket of a credentials file, says nothing by itself. */
function partsOf(value: string): readonly string[] {
  const lines = value.split(/[\r\n]+/).filter((line) => line.trim() !== '');
  if (lines.length <= 1) return [...lines, value.trim()].filter((part) => part !== '');
  return lines
    .flatMap((line) => [line, line.trim()])
    .filter((line) => line.length >= SHORTEST_INSIDE && !PEM_MARKER.test(line.trim()));
}

function patternsOf(part: string): readonly RegExp[] {
  const plain = Array.from(part, eitherForm).join('');
  if (part.length < SHORTEST_INSIDE) return [new RegExp(`(?<![\\p{L}\\p{N}])${plain}(?![\\p{L}\\p{N}])`, 'gu')];
  return [plain, ...[0, 1, 2].map((shift) => base64At(part, shift))].map((source) => new RegExp(source, 'gu'));
}

/** One character in any of its forms, so that a text that encodes only some characters is found as well. */
function eitherForm(char: string): string {
  const percent = [...Buffer.from(char, 'utf8')]
    .map((byte) => `%${anyCase(byte.toString(16).padStart(2, '0'))}`)
    .join('');
  const units = [...Array(char.length).keys()].map((index) => char.charCodeAt(index));
  const unicode = units.map((unit) => `\\\\u${anyCase(unit.toString(16).padStart(4, '0'))}`).join('');
  const short = JSON.stringify(char).slice(1, -1);
  const forms = [literal(char), percent, unicode, ...(short === char ? [] : [literal(short)])];
  return `(?:${[...forms, ...(char === ' ' ? ['\\+'] : [])].join('|')})`;
}

function anyCase(hex: string): string {
  return hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/** The base64 digits that depend on the secret alone when so many bytes, modulo 3, stand before it. */
function base64At(part: string, shift: number): string {
  const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(part, 'utf8')]);
  const digits = bytes.toString('base64');
  const first = Math.ceil((shift * 8) / 6);
  const last = Math.floor((bytes.length * 8) / 6);
  return Array.from(digits.slice(first, last), base64Digit).join('');
}

/** A digit of the common or of the URL-safe alphabet, the former percent-encoded or not. */
function base64Digit(digit: string): string {
  if (digit === '+') return '(?:[+-]|%2[bB])';
  if (digit === '/') return '(?:[\\/_]|%2[fF])';
  return digit;
}

/** All places of the pattern, those that overlap too: what is left of one secret beside another would be shown. */
function spansOf(pattern: RegExp, text: string): readonly Span[] {
  const spans: Span[] = [];
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    spans.push({ from: match.index, to: match.index + match[0].length });
    // By whole characters: a pattern of the `u` kind goes back to the start of a pair that it is set into, for ever.
    pattern.lastIndex = match.index + ((text.codePointAt(match.index) ?? 0) > 0xffff ? 2 : 1);
  }
  return spans;
}

function withoutSpans(text: string, spans: readonly Span[]): string {
  let shown = '';
  let done = 0;
  for (const { from, to } of spans.toSorted((a, b) => a.from - b.from)) {
    if (to <= done) continue;
    if (from >= done) shown += `${text.slice(done, from)}${PLACEHOLDER}`;
    done = to;
  }
  return shown + text.slice(done);
}
