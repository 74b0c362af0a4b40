import { isLeft, type Either } from 'fp-ts/Either';
import { parseBytes } from '../../src/model/bytes';
import { parseDuration } from '../../src/model/duration';
import { parseInterval } from '../../src/model/interval';
import { parseTimezone } from '../../src/model/timezone';
import { parseVolumes } from '../../src/model/volumes';

function valueOf<T>(parsed: Either<string, T>): T {
  if (isLeft(parsed)) throw new Error(parsed.left);
  return parsed.right;
}

function problemOf(parsed: Either<string, unknown>): string {
  return isLeft(parsed) ? parsed.left : 'accepted';
}

describe('durations, sizes, intervals and zones', () => {
  it.each([
    { text: '90s', ms: 90_000 },
    { text: '15m', ms: 900_000 },
    { text: '6h', ms: 21_600_000 },
    { text: '2d', ms: 172_800_000 },
  ])('a duration of $text', ({ text, ms }) => {
    expect(valueOf(parseDuration(text))).toBe(ms);
  });

  it.each(['', '0s', '5', '1.5h', '-1s', '1w', '99999999d', ' 1s'])('no duration: %p', (text) => {
    expect(problemOf(parseDuration(text))).not.toBe('accepted');
  });

  it.each([
    { text: '500000', bytes: 500_000 },
    { text: '500K', bytes: 512_000 },
    { text: '256M', bytes: 268_435_456 },
  ])('a size of $text', ({ text, bytes }) => {
    expect(valueOf(parseBytes(text))).toBe(bytes);
  });

  it.each(['', '0', '1X', '1.5M', '-1'])('no size: %p', (text) => {
    expect(problemOf(parseBytes(text))).not.toBe('accepted');
  });

  it.each([
    { text: '30D', seconds: 2_592_000 },
    { text: '1W2D', seconds: 777_600 },
    { text: '10m', seconds: 600 },
    { text: 'never', seconds: null },
  ])('an interval of $text', ({ text, seconds }) => {
    expect(valueOf(parseInterval(text)).seconds).toBe(seconds);
  });

  it('suggests what Duplicity understands for a small letter', () => {
    expect(problemOf(parseInterval('30d'))).toMatch(/30D/);
  });

  it('takes IANA zones and refuses offsets and inventions', () => {
    expect(valueOf(parseTimezone('Europe/Berlin'))).toBe('Europe/Berlin');
    expect(problemOf(parseTimezone('+02:00'))).not.toBe('accepted');
    expect(problemOf(parseTimezone('Europe/Berlinn'))).not.toBe('accepted');
  });
});

describe('volumes', () => {
  it.each([
    { text: 'all', expected: { kind: 'all' } },
    { text: 'data', expected: { kind: 'named', names: ['data'] } },
    { text: 'data, config,data', expected: { kind: 'named', names: ['data', 'config'] } },
    { text: '1234_data', expected: { kind: 'named', names: ['data'] } },
  ])('$text', ({ text, expected }) => {
    expect(valueOf(parseVolumes(text, 1234))).toEqual(expected);
  });

  it.each(['', 'all,data', 'a,,b', '$(reboot)', '../etc', '-v', '99_data', '1234_', 'a b'])('refuses %p', (text) => {
    expect(problemOf(parseVolumes(text, 1234))).not.toBe('accepted');
  });
});
