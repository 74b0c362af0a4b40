import { left, right, type Either } from 'fp-ts/Either';
import { quoted } from './quote';

const UNITS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['K', 1024],
  ['M', 1024 ** 2],
  ['G', 1024 ** 3],
]);

/** Bytes of `500000`, `500K`, `256M` or `2G` (K is 1024); never 0. */
export function parseBytes(text: string): Either<string, number> {
  const match = /^(\d{1,15})([KMG]?)$/.exec(text);
  const unit = UNITS.get(match?.[2] ?? '-');
  if (unit === undefined) {
    return left(
      `${quoted(text)} is not an amount of bytes; write a whole number, with K, M or G where wanted, for example 500K or 256M`,
    );
  }
  const bytes = Number(match?.[1]) * unit;
  if (bytes === 0) return left(`${quoted(text)} is nothing at all; leave it unset for no limit`);
  if (!Number.isSafeInteger(bytes)) return left(`${quoted(text)} is more than can be counted; write a smaller amount`);
  return right(bytes);
}
