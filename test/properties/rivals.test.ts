import * as fc from 'fast-check';
import type { DesiredDevice } from '../../src/model/policy';
import { rejectRivals } from '../../src/model/rivals';
import { anEnabledDevice, aRejectedDevice, aTarget, aUuid, policyIn, resolved } from '../support/desired';

/** Two pairs, each of two UUIDs of which one is the other, moved by one digit. */
const DEVICES = [1, 0x1e, 2, 0x2e];
const uuids = DEVICES.map(aUuid);

/** A place as a device could have one: its own UUID in it, another's, a piece of one, several, or none. */
const placeOf = (own: string): fc.Arbitrary<string> =>
  fc
    .array(fc.oneof(fc.constant(own), fc.constantFrom(...uuids, '/', '0', 'e', '0000001', own.slice(1))), {
      maxLength: 3,
    })
    .map((parts) => `s3://bucket/${parts.join('')}`);

const fleet: fc.Arbitrary<readonly DesiredDevice[]> = fc
  .tuple(...uuids.map((uuid) => fc.option(placeOf(uuid), { freq: 5 })))
  .map((places) =>
    places.map((place, n) => {
      const device = { uuid: uuids[n] ?? aUuid(1) };
      if (place === null) return aRejectedDevice(device);
      return anEnabledDevice({ device, policy: { target: resolved(aTarget({ place })) } });
    }),
  );

test('a device is rejected exactly where another one has its place', () => {
  fc.assert(
    fc.property(fleet, (desired) => {
      const places = desired.map((each) => (each.desire.kind === 'enabled' ? policyIn(each).target.value.place : null));
      const isShared = places.map((place, n) => places.some((other, m) => m !== n && other === place));

      expect(rejectRivals(desired).map(({ desire }) => desire.kind)).toEqual(
        places.map((place, n) => (place === null || isShared[n] === true ? 'rejected' : 'enabled')),
      );
    }),
    { numRuns: 5000 },
  );
});
