import { isLeft, type Either } from 'fp-ts/Either';
import { addressOf, parseAddress } from '../../src/model/address';
import { parseBytes } from '../../src/model/bytes';
import { parseDuration } from '../../src/model/duration';
import { parseInterval } from '../../src/model/interval';
import { parseTimezone } from '../../src/model/timezone';
import { parseVolumes } from '../../src/model/volumes';
import { aDevice, aFleet, tagsOf } from '../support/desired';

function valueOf<T>(parsed: Either<string, T>): T {
  if (isLeft(parsed)) throw new Error(parsed.left);
  return parsed.right;
}

function problemOf(parsed: Either<string, unknown>): string {
  return isLeft(parsed) ? parsed.left : 'accepted';
}

describe('a duration', () => {
  it.each([
    { text: '90s', ms: 90_000 },
    { text: '15m', ms: 900_000 },
    { text: '6h', ms: 21_600_000 },
    { text: '2d', ms: 172_800_000 },
    { text: '3650d', ms: 3650 * 86_400_000 },
  ])('of $text', ({ text, ms }) => {
    expect(valueOf(parseDuration(text))).toBe(ms);
  });

  const form = 'is not a duration; write a whole number and one of s, m, h, d, for example 90s, 15m, 6h or 2d';

  it.each([
    ...['', '5', 's', '1.5h', '-1s', '1w', ' 1s', '1s ', 'x1s', '1sx', '1234567890s'].map((text) => ({
      text,
      is: form,
    })),
    { text: '0s', is: 'is no time at all; write at least 1s' },
    { text: '3651d', is: 'is more than ten years; write a shorter duration' },
  ])('is not $text', ({ text, is }) => {
    expect(problemOf(parseDuration(text))).toBe(`"${text}" ${is}`);
  });
});

describe('an amount of bytes', () => {
  it.each([
    { text: '1', bytes: 1 },
    { text: '500000', bytes: 500_000 },
    { text: '500K', bytes: 512_000 },
    { text: '256M', bytes: 268_435_456 },
    { text: '2G', bytes: 2_147_483_648 },
  ])('of $text', ({ text, bytes }) => {
    expect(valueOf(parseBytes(text))).toBe(bytes);
  });

  const form = 'is not an amount of bytes; write a whole number, with K, M or G where wanted, for example 500K or 256M';

  it.each([
    ...['', 'K', '1X', '1.5M', '-1', 'x1', '1Kx', '1 K', '1234567890123456'].map((text) => ({ text, is: form })),
    { text: '0', is: 'is nothing at all; leave it unset for no limit' },
    { text: '999999999999999G', is: 'is more than can be counted; write a smaller amount' },
  ])('is not $text', ({ text, is }) => {
    expect(problemOf(parseBytes(text))).toBe(`"${text}" ${is}`);
  });
});

describe('an interval', () => {
  it.each([
    { text: '5s', seconds: 5 },
    { text: '10m', seconds: 600 },
    { text: '3h', seconds: 10_800 },
    { text: '30D', seconds: 2_592_000 },
    { text: '1W2D', seconds: 777_600 },
    { text: '2M', seconds: 5_184_000 },
    { text: '100Y', seconds: 3_153_600_000 },
    { text: 'never', seconds: null },
  ])('of $text', ({ text, seconds }) => {
    expect(valueOf(parseInterval(text))).toEqual({ text, seconds });
  });

  const units =
    'Duplicity counts in s, m, h, D (days), W (weeks), M (months) and Y (years), and upper and lower case differ';
  const form = `is not an interval; write for example 30D or 1W2D, or never: ${units}`;

  it.each([
    ...['', 'D', '30D ', ' 30D', '1W,2D', '30X', 'x30', '-30D', 'nevermore', 'whenever', '5d!'].map((text) => ({
      text,
      is: form,
    })),
    { text: '30', is: `is not an interval; a unit is missing; did you mean 30D? ${units}` },
    { text: 'Never', is: 'is not an interval; did you mean never?' },
    { text: '30d', is: `is not an interval; did you mean 30D? ${units}` },
    { text: '1w2d3y4S5H', is: `is not an interval; did you mean 1W2D3Y4s5h? ${units}` },
    { text: '0D', is: 'is no time at all; write for example 30D, or never' },
    { text: '101Y', is: 'is more than a hundred years; write never' },
  ])('is not $text', ({ text, is }) => {
    expect(problemOf(parseInterval(text))).toBe(`"${text}" ${is}`);
  });
});

describe('a time zone', () => {
  it.each(['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5'])(
    'is %s, also when asked again',
    (text) => {
      expect(valueOf(parseTimezone(text))).toBe(text);
      expect(valueOf(parseTimezone(text))).toBe(text);
    },
  );

  it.each([
    ...['', '+02:00', '1UTC', 'UTC!', ' UTC', 'Mars/Olympus'].map((text) => ({
      text,
      is: 'is not a time zone; write an IANA name, for example UTC or Europe/Berlin',
    })),
    { text: 'Europe/Berlinn', is: 'is not a time zone; did you mean Europe/Berlin?' },
  ])('is not $text', ({ text, is }) => {
    expect(problemOf(parseTimezone(text))).toBe(`"${text}" ${is}`);
  });
});

describe('volumes', () => {
  it.each([
    { text: 'all', expected: { kind: 'all' } },
    { text: ' all ', expected: { kind: 'all' } },
    { text: 'data', expected: { kind: 'named', names: ['data'] } },
    { text: 'data, config,data', expected: { kind: 'named', names: ['data', 'config'] } },
    { text: '1234_data', expected: { kind: 'named', names: ['data'] } },
    { text: '1234x_data', expected: { kind: 'named', names: ['1234x_data'] } },
    { text: 'a'.repeat(200), expected: { kind: 'named', names: ['a'.repeat(200)] } },
  ])('$text', ({ text, expected }) => {
    expect(valueOf(parseVolumes(text, 1234))).toEqual(expected);
  });

  it('keep their prefix where no device is known yet', () => {
    expect(valueOf(parseVolumes('1234_data,99_data', null))).toEqual({
      kind: 'named',
      names: ['1234_data', '99_data'],
    });
  });

  const form = 'is not a volume name; names have letters, digits, _, . and -, and begin with a letter or a digit';

  it.each([
    { text: '', is: 'a name is missing; write all, or names with single commas between them, for example data,config' },
    {
      text: 'a,,b',
      is: 'a name is missing; write all, or names with single commas between them, for example data,config',
    },
    { text: 'all,data', is: 'all means every volume and stands alone; write either all or the names' },
    ...['$(reboot)', '../etc', '-v', '_a', 'a b', 'a/b'].map((text) => ({ text, is: `"${text}" ${form}` })),
    { text: 'a'.repeat(201), is: `"${'a'.repeat(60)}…" ${form}` },
    {
      text: '99_data',
      is: '"99_data" begins like a volume of another fleet (99), and this device\'s fleet is 1234; write the volume\'s own name',
    },
    { text: '1234_', is: '"1234_" has no volume name after the fleet\'s number; write the volume\'s own name' },
    { text: '1234_-x', is: '"1234_-x" has no volume name after the fleet\'s number; write the volume\'s own name' },
  ])('are not $text', ({ text, is }) => {
    expect(problemOf(parseVolumes(text, 1234))).toBe(is);
  });
});

describe('the address of a device', () => {
  it.each([
    { text: '10.0.0.1', host: '10.0.0.1', port: 22_222 },
    { text: 'a', host: 'a', port: 22_222 },
    { text: 'kitchen.example:22', host: 'kitchen.example', port: 22 },
    { text: 'host-1:1', host: 'host-1', port: 1 },
    { text: 'host:65535', host: 'host', port: 65_535 },
    { text: '[fe80::1]:2222', host: 'fe80::1', port: 2222 },
  ])('$text', ({ text, host, port }) => {
    expect(valueOf(parseAddress(text))).toEqual({ host, port });
  });

  it.each([
    '',
    ':22',
    '-oProxy',
    'host-',
    'a b',
    'host:0',
    'host:65536',
    'host:x',
    'host:123456',
    'host:22x',
    '[fe80::1',
    '[xyz]',
  ])('is not %p', (text) => {
    expect(problemOf(parseAddress(text))).toBe(
      `"${text}" is not an address; write a host name or an IP address, with :PORT where it is not 22222`,
    );
  });

  it("is the device's own tag before its fleet's", () => {
    const fleet = aFleet({ tags: tagsOf({ backupAddress: 'fleet.example' }) });
    const own = addressOf(aDevice({ fleet, tags: tagsOf({ backupAddress: 'own.example' }) }));
    const shared = addressOf(aDevice({ fleet }));

    expect([own, shared].map((each) => each !== null && valueOf(each).host)).toEqual(['own.example', 'fleet.example']);
    expect(addressOf(aDevice())).toBeNull();
  });
});
