import { type Either, isRight, left, right } from 'fp-ts/Either';
import { type Instant, instantOf } from './brand';
import { parseInterval } from './interval';
import { quoted } from './quote';
import { parseSetTime } from './sets';

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?$/;
const DATES: readonly (readonly [form: RegExp, order: readonly [year: number, month: number, day: number]])[] = [
  [/^(\d{4})[-/](\d\d?)[-/](\d\d?)$/, [1, 2, 3]],
  [/^(\d\d?)[-/](\d\d?)[-/](\d{4})$/, [3, 1, 2]],
];

/**
 * A time as Duplicity reads it (`now`, an age such as `3D`, a date, seconds since 1970, the name of a set) or in ISO 8601.
 * Without a zone it is UTC; a date is its first instant.
 */
export function parseRestoreTime(text: string, now: Instant): Either<string, Instant> {
  if (text === 'now') return right(now);
  const at = parseSetTime(text) ?? secondsOf(text) ?? isoOf(text) ?? dateOf(text) ?? agoOf(text, now);
  if (at !== null) return right(at);
  return left(
    `${quoted(text)} is not a time; write for example 2026-11-24T11:50:00Z, 2026-11-24, or 3D for three days ago`,
  );
}

function instantOrNull(ms: number): Instant | null {
  return Number.isSafeInteger(ms) ? instantOf(ms) : null;
}

function secondsOf(text: string): Instant | null {
  return /^\d{8,11}$/.test(text) ? instantOf(Number(text) * 1000) : null;
}

function isoOf(text: string): Instant | null {
  // Date.parse takes 30 February for 2 March.
  if (!ISO.test(text) || dateOf(text.slice(0, 10)) === null) return null;
  return instantOrNull(Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`));
}

/** Null for a day that no month has. */
function dateOf(text: string): Instant | null {
  for (const [form, [year, month, day]] of DATES) {
    const match = form.exec(text);
    if (match === null) continue;
    const [y, m, d] = [Number(match[year]), Number(match[month]), Number(match[day])];
    const ms = Date.UTC(y, m - 1, d);
    return new Date(ms).getUTCMonth() === m - 1 ? instantOrNull(ms) : null;
  }
  return null;
}

function agoOf(text: string, now: Instant): Instant | null {
  const age = parseInterval(text);
  return isRight(age) && age.right.seconds !== null ? instantOf(now - age.right.seconds * 1000) : null;
}
