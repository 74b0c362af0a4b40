import { left, right, type Either } from 'fp-ts/Either';
import type { FullEvery } from './policy';
import { quoted } from './quote';

const SECONDS: ReadonlyMap<string, number> = new Map([
  ['s', 1],
  ['m', 60],
  ['h', 3600],
  ['D', 86_400],
  ['W', 604_800],
  ['M', 2_592_000],
  ['Y', 31_536_000],
]);
const HUNDRED_YEARS = 100 * 31_536_000;

/** A Duplicity interval such as `30D` or `1W2D`, or `never`. Case matters to Duplicity: `m` is minutes, `M` months. */
export function parseInterval(text: string): Either<string, FullEvery> {
  if (text === 'never') return right({ text, seconds: null });
  const parts = [...text.matchAll(/(\d{1,9})([smhDWMY])/g)];
  if (text === '' || parts.map((part) => part[0]).join('') !== text) {
    return left(`${quoted(text)} is not an interval; ${adviceFor(text)}`);
  }
  const seconds = parts.reduce((sum, [, count, unit]) => sum + Number(count) * (SECONDS.get(unit ?? '') ?? NaN), 0);
  if (seconds === 0) return left(`${quoted(text)} is no time at all; write for example 30D, or never`);
  if (seconds > HUNDRED_YEARS) return left(`${quoted(text)} is more than a hundred years; write never`);
  return right({ text, seconds });
}

const USUAL_CASE: ReadonlyMap<string, string> = new Map([
  ['d', 'D'],
  ['w', 'W'],
  ['y', 'Y'],
  ['S', 's'],
  ['H', 'h'],
]);

function adviceFor(text: string): string {
  const units =
    'Duplicity counts in s, m, h, D (days), W (weeks), M (months) and Y (years), and upper and lower case differ';
  if (/^\d{1,9}$/.test(text)) return `a unit is missing; did you mean ${text}D? ${units}`;
  if (/^never$/i.test(text)) return 'did you mean never?';
  if (/^(?:\d{1,9}[smhdwyDWMYSH])+$/.test(text)) {
    return `did you mean ${text.replace(/[dwySH]/g, (unit) => USUAL_CASE.get(unit) ?? unit)}? ${units}`;
  }
  return `write for example 30D or 1W2D, or never: ${units}`;
}
