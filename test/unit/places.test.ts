import * as fc from 'fast-check';
import { placesIn } from '../../src/model/places';
import { aUuid } from '../support/desired';

const list = fc.uniqueArray(fc.integer({ min: 1, max: 9 }));

test('a device is found wherever it is, whatever place it is thought to be at', () => {
  fc.assert(
    fc.property(list, list, (before, now) => {
      const placeOf = placesIn(before.map(aUuid), (uuid) => uuid);

      expect(now.map((n, near) => placeOf(aUuid(n), near))).toEqual(now.map((n) => before.indexOf(n)));
    }),
  );
});

test('nothing but the expected place is looked at where the order is the same', () => {
  const asked: number[] = [];
  const before = Array.from({ length: 100 }, (_, n) => n);
  const placeOf = placesIn(before, (n) => {
    asked.push(n);
    return aUuid(n);
  });

  before.forEach((n) => placeOf(aUuid(n), n));
  expect(asked).toHaveLength(100);
});
