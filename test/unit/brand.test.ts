import { ActionId, DeviceUuid, deviceUuidOf, Instant, instantOf, RunId } from '../../src/model/brand';
import { shortUuidOf } from '../../src/model/device';
import { slotText } from '../../src/model/slot';

const hex = (length: number): string => '0123456789abcdef'.repeat(4).slice(0, length);

describe('the UUID of a device', () => {
  it.each([hex(32), hex(62)])('is %s', (text) => {
    expect(DeviceUuid.is(text)).toBe(true);
    expect(deviceUuidOf(text)).toBe(text);
    expect(shortUuidOf(deviceUuidOf(text))).toBe('0123456');
  });

  it.each([
    ...['', hex(31), hex(33), hex(61), hex(63), hex(32).toUpperCase(), `${hex(31)}g`, ` ${hex(32)}`, `${hex(32)}\n`],
  ])('is not %p', (text) => {
    expect(DeviceUuid.is(text)).toBe(false);
    expect(() => deviceUuidOf(text)).toThrow('a device UUID has 32 or 62 lower-case hexadecimal digits');
  });
});

describe('names of actions and runs', () => {
  it('have 20 digits', () => {
    for (const codec of [ActionId, RunId]) {
      expect(
        [hex(20), hex(19), hex(21), `x${hex(19)}`, ` ${hex(20)}`, `${hex(20)} `].map((text) => codec.is(text)),
      ).toEqual([true, false, false, false, false, false]);
    }
  });
});

describe('an instant', () => {
  it.each([0, -1, 1_795_478_400_000])('is %d', (ms) => {
    expect(Instant.is(ms)).toBe(true);
    expect(instantOf(ms)).toBe(ms);
  });

  it.each([0.5, NaN, Infinity, 2 ** 53])('is not %d', (ms) => {
    expect(() => instantOf(ms)).toThrow(`an instant is a whole number of milliseconds, got ${String(ms)}`);
  });
});

describe('a slot', () => {
  it.each([
    { slot: { kind: 'schedule', at: instantOf(0) }, text: '1970-01-01T00:00:00.000Z' },
    { slot: { kind: 'request', token: 'now-1' }, text: 'request:now-1' },
    { slot: { kind: 'manual', at: instantOf(0) }, text: 'manual:1970-01-01T00:00:00.000Z' },
  ] as const)('is written as $text', ({ slot, text }) => {
    expect(slotText(slot)).toBe(text);
  });
});
