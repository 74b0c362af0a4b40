import * as t from 'io-ts';

interface DeviceUuidBrand {
  readonly DeviceUuid: unique symbol;
}

/** A device's full UUID: 32 or 62 lower-case hexadecimal digits. */
export const DeviceUuid = t.brand(
  t.string,
  (text): text is t.Branded<string, DeviceUuidBrand> => /^(?:[0-9a-f]{32}|[0-9a-f]{62})$/.test(text),
  'DeviceUuid',
);
export type DeviceUuid = t.TypeOf<typeof DeviceUuid>;

interface InstantBrand {
  readonly Instant: unique symbol;
}

/** A moment, in whole milliseconds since 1970-01-01T00:00:00Z. */
export const Instant = t.brand(
  t.number,
  (ms): ms is t.Branded<number, InstantBrand> => Number.isSafeInteger(ms),
  'Instant',
);
export type Instant = t.TypeOf<typeof Instant>;

interface RunIdBrand {
  readonly RunId: unique symbol;
}

/** Names one attempt at an action: 20 lower-case hexadecimal digits. */
export const RunId = t.brand(
  t.string,
  (text): text is t.Branded<string, RunIdBrand> => /^[0-9a-f]{20}$/.test(text),
  'RunId',
);
export type RunId = t.TypeOf<typeof RunId>;

interface ActionIdBrand {
  readonly ActionId: unique symbol;
}

/** Names an action by what it is (device, kind, slot): 20 lower-case hexadecimal digits. */
export const ActionId = t.brand(
  t.string,
  (text): text is t.Branded<string, ActionIdBrand> => /^[0-9a-f]{20}$/.test(text),
  'ActionId',
);
export type ActionId = t.TypeOf<typeof ActionId>;

/** The branded form of whole milliseconds; anything else is a defect of the caller and throws. */
export function instantOf(ms: number): Instant {
  if (Instant.is(ms)) return ms;
  throw new RangeError(`an instant is a whole number of milliseconds, got ${String(ms)}`);
}

/** The branded form of a UUID that is known to be one; anything else is a defect of the caller and throws. */
export function deviceUuidOf(text: string): DeviceUuid {
  if (DeviceUuid.is(text)) return text;
  throw new RangeError('a device UUID has 32 or 62 lower-case hexadecimal digits');
}
