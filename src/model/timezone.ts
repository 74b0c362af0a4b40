import { left, right, type Either } from 'fp-ts/Either';
import { quoted } from './quote';
import { didYouMean } from './suggest';

// A zone costs the engine a lot to look up and devices share few of them.
const known = new Set<string>();
const KNOWN_LIMIT = 1000;

/** The IANA time zone as it was written, when this Node.js knows it. Offsets such as `+02:00` are not zones. */
export function parseTimezone(text: string): Either<string, string> {
  if (known.has(text)) return right(text);
  if (!isZone(text)) {
    const near = didYouMean(text, Intl.supportedValuesOf('timeZone'));
    return left(
      `${quoted(text)} is not a time zone${near === '' ? '; write an IANA name, for example UTC or Europe/Berlin' : near}`,
    );
  }
  if (known.size < KNOWN_LIMIT) known.add(text);
  return right(text);
}

function isZone(text: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(text)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: text });
    return true;
  } catch {
    return false;
  }
}
