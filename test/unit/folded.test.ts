import { folded, unfolded } from '../../src/model/folded';
import { aUuid } from '../support/desired';

const place = (n: number): string => `s3://bucket/${aUuid(n)}/x#${aUuid(n)}-`;

test('what devices say each for itself is folded to the same, and comes back as it was', () => {
  expect(folded(place(1), aUuid(1))).toBe(folded(place(2), aUuid(2)));
  expect(unfolded(folded(place(1), aUuid(1)), aUuid(2))).toBe(place(2));
});

test("another device's UUID stays what it is", () => {
  expect(folded(place(2), aUuid(1))).toBe(place(2));
  expect(unfolded(place(2), aUuid(1))).toBe(place(2));
});
