import * as fc from 'fast-check';
import { firstFirst } from '../../src/reconciler/firstfirst';

const byValue = (a: number, b: number): number => a - b;

test('gives all items, in order', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), (items) => {
      expect([...firstFirst([...items], byValue)]).toEqual(items.toSorted(byValue));
    }),
  );
});

test('looks for the first of many with few comparisons', () => {
  let comparisons = 0;
  const items = Array.from({ length: 10_000 }, (_, n) => (n * 7919) % 10_000);
  const [first] = firstFirst(items, (a, b) => {
    comparisons += 1;
    return a - b;
  });

  expect(first).toBe(0);
  expect(comparisons).toBeLessThan(30_000);
});
