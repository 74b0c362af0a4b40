import { left, right, type Either } from 'fp-ts/Either';
import { quoted } from './quote';

const UNITS: ReadonlyMap<string, number> = new Map([
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);
const TEN_YEARS_MS = 3650 * 86_400_000;

/** Milliseconds of `90s`, `15m`, `6h` or `2d`; never 0. */
export function parseDuration(text: string): Either<string, number> {
  const match = /^(\d{1,9})([smhd])$/.exec(text);
  const unit = UNITS.get(match?.[2] ?? '');
  if (unit === undefined) {
    return left(
      `${quoted(text)} is not a duration; write a whole number and one of s, m, h, d, for example 90s, 15m, 6h or 2d`,
    );
  }
  const ms = Number(match?.[1]) * unit;
  if (ms === 0) return left(`${quoted(text)} is no time at all; write at least 1s`);
  if (ms > TEN_YEARS_MS) return left(`${quoted(text)} is more than ten years; write a shorter duration`);
  return right(ms);
}
