import { left, right, type Either } from 'fp-ts/Either';
import { hashed } from './hashfield';
import { quoted } from './quote';
import { didYouMean } from './suggest';

/** One field of a schedule and the values it can have. */
export interface FieldRule {
  readonly name: string;
  /** 0 = seconds to 5 = weekday. */
  readonly index: number;
  readonly min: number;
  readonly max: number;
  /** The last value that `*` and a step without an end reach: 7 is Sunday again. */
  readonly lastOfStar: number;
  /** The last value that `H` takes: not every month has a 29th. */
  readonly lastOfHash: number;
  /** Names of the values from `min` on. */
  readonly names: readonly string[];
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const DAY_OF_MONTH = 3;
const WEEKDAY = 5;

export const FIELDS: readonly FieldRule[] = [
  { name: 'second', index: 0, min: 0, max: 59, lastOfStar: 59, lastOfHash: 59, names: [] },
  { name: 'minute', index: 1, min: 0, max: 59, lastOfStar: 59, lastOfHash: 59, names: [] },
  { name: 'hour', index: 2, min: 0, max: 23, lastOfStar: 23, lastOfHash: 23, names: [] },
  { name: 'day of month', index: DAY_OF_MONTH, min: 1, max: 31, lastOfStar: 31, lastOfHash: 28, names: [] },
  { name: 'month', index: 4, min: 1, max: 12, lastOfStar: 12, lastOfHash: 12, names: MONTHS },
  { name: 'weekday', index: WEEKDAY, min: 0, max: 7, lastOfStar: 6, lastOfHash: 6, names: WEEKDAYS },
];

/** What an item covers before its step: `hashed` for `H`, `open` where only a step gives it an end. */
interface Span {
  readonly kind: 'range' | 'hashed' | 'single';
  readonly from: number;
  readonly to: number;
}

/**
 * A field as croner reads it, with `H` replaced by the device's own values: `*`, or a list of numbers in order. A field
 * of times that covers every value becomes `*`; in the two day fields only a written `*` does, because croner, like
 * every cron, joins two restricted day fields with "or".
 */
export function parseField(rule: FieldRule, text: string, uuid: string): Either<string, string> {
  const values = new Set<number>();
  for (const item of text.split(',')) {
    const covered = parseItem(rule, item, uuid);
    if (covered._tag === 'Left') return left(`the ${rule.name} field ${quoted(text)}: ${covered.left}`);
    for (const value of covered.right) values.add(rule.index === WEEKDAY ? value % 7 : value);
  }
  return right(coversAll(rule, text, values) ? '*' : [...values].sort((a, b) => a - b).join(','));
}

function coversAll(rule: FieldRule, text: string, values: ReadonlySet<number>): boolean {
  if (rule.index === DAY_OF_MONTH || rule.index === WEEKDAY) return text === '*' || text === '*/1';
  return values.size === rule.lastOfStar - rule.min + 1;
}

function parseItem(rule: FieldRule, item: string, uuid: string): Either<string, readonly number[]> {
  const [base = '', step, more] = item.split('/');
  if (item === '') return left('a value is missing beside a comma');
  if (more !== undefined) return left(`${quoted(item)} has two steps; write one /`);
  const span = parseSpan(rule, base);
  if (span._tag === 'Left') return span;
  if (step === undefined) return right(withoutStep(rule, span.right, uuid));
  const size = span.right.to - span.right.from + 1;
  if (!/^\d{1,2}$/.test(step) || Number(step) === 0)
    return left(`${quoted(step)} is not a step; write a whole number from 1`);
  if (Number(step) > size)
    return left(`the step ${step} is longer than what it steps through (${String(size)}); write a smaller one`);
  return right(withStep(rule, span.right, Number(step), uuid));
}

function withoutStep(rule: FieldRule, span: Span, uuid: string): readonly number[] {
  switch (span.kind) {
    case 'range':
      return stepped(span.from, span.to, 1);
    case 'single':
      return [span.from];
    case 'hashed':
      return [hashed(uuid, rule.index, span.from, span.to)];
  }
}

function withStep(rule: FieldRule, span: Span, step: number, uuid: string): readonly number[] {
  const start = span.kind === 'hashed' ? hashed(uuid, rule.index, span.from, span.from + step - 1) : span.from;
  return stepped(start, span.to, step);
}

function stepped(from: number, to: number, step: number): readonly number[] {
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, n) => from + n * step);
}

function parseSpan(rule: FieldRule, base: string): Either<string, Span> {
  if (base === '*') return right({ kind: 'range', from: rule.min, to: rule.lastOfStar });
  if (base === 'H') return right({ kind: 'hashed', from: rule.min, to: rule.lastOfHash });
  const within = /^H\(([^()]*)\)$/.exec(base)?.[1];
  if (within !== undefined) return parseHashed(rule, within);
  if (base.includes('-')) return parseRange(rule, base);
  const value = parseValue(rule, base);
  // `5/15` goes on from 5 to the end; a lone 5 is only 5. Weekday 7 has nothing after it.
  return value._tag === 'Left'
    ? value
    : right({ kind: 'single', from: value.right, to: Math.max(value.right, rule.lastOfStar) });
}

function parseHashed(rule: FieldRule, within: string): Either<string, Span> {
  const range = parseRange(rule, within);
  if (range._tag === 'Left') return range;
  if (rule.index === DAY_OF_MONTH && range.right.to > rule.lastOfHash) {
    return left(
      `H picks days from 1 to ${String(rule.lastOfHash)}, since not every month has more; write H(1-28) or less`,
    );
  }
  return right({ kind: 'hashed', from: range.right.from, to: range.right.to });
}

function parseRange(rule: FieldRule, text: string): Either<string, Span> {
  const [first = '', last, more] = text.split('-');
  if (last === undefined || more !== undefined)
    return left(`${quoted(text)} is not a range; write for example ${String(rule.min)}-${String(rule.lastOfStar)}`);
  const from = parseValue(rule, first);
  const end = parseValue(rule, last);
  if (from._tag === 'Left') return from;
  if (end._tag === 'Left') return end;
  const to = rule.index === WEEKDAY && end.right === 0 && from.right > 0 ? 7 : end.right;
  if (from.right > to)
    return left(`the range ${quoted(text)} runs backwards; write two ranges with a comma between them`);
  return right({ kind: 'range', from: from.right, to });
}

function parseValue(rule: FieldRule, text: string): Either<string, number> {
  const named = rule.names.indexOf(text.toUpperCase());
  if (named >= 0) return right(rule.min + named);
  if (!/^\d{1,2}$/.test(text)) return left(refusalOf(rule, text));
  const value = Number(text);
  if (value >= rule.min && value <= rule.max) return right(value);
  return left(`${text} is out of range; write ${String(rule.min)} to ${String(rule.max)}`);
}

const NOT_OURS: ReadonlyMap<string, string> = new Map([
  ['L', 'L (last) is not supported; write a day that every month has, such as 28'],
  ['W', 'W (nearest weekday) is not supported; write the day or the weekday'],
  ['#', '# (n-th weekday) is not supported; write a range of days or the weekday'],
  ['?', '? is not supported; write *'],
  ['h', 'the hashed value is a capital H'],
]);

function refusalOf(rule: FieldRule, text: string): string {
  if (text === '') return 'a value is missing';
  if (rule.names.length > 0 && /^[A-Za-z]{2,}$/.test(text) && !/^L?W$/.test(text)) {
    const meant = rule.names.find((name) => text.toUpperCase().startsWith(name)) ?? null;
    const hint = meant === null ? didYouMean(text, rule.names) : `; did you mean ${meant}?`;
    return `${quoted(text)} is not a ${rule.name}${hint === '' ? `; write ${rule.names.join(', ')} or a number` : hint}`;
  }
  for (const [sign, message] of NOT_OURS) if (text.includes(sign)) return message;
  return `${quoted(text)} is not a value; write *, a number, a range, a step or H`;
}
