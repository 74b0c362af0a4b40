type Compare<T> = (a: T, b: T) => number;

/** The items in order, each found when it is asked for, so that the first few of many cost little. Takes the list for itself. */
export function* firstFirst<T>(items: T[], compare: Compare<T>): Iterable<T> {
  // A heap: no item comes before the one at half its place.
  for (let at = (items.length >> 1) - 1; at >= 0; at -= 1) sink(items, at, compare);
  for (;;) {
    const [first] = items;
    const last = items.pop();
    if (first === undefined || last === undefined) return;
    if (items.length > 0) {
      items[0] = last;
      sink(items, 0, compare);
    }
    yield first;
  }
}

/** Moves an item down until nothing below it comes before it. */
function sink<T>(items: T[], from: number, compare: Compare<T>): void {
  const item = items[from];
  if (item === undefined) return;
  let at = from;
  for (;;) {
    const below = firstBelow(items, at, compare);
    const child = items[below];
    if (child === undefined || compare(child, item) >= 0) break;
    items[at] = child;
    at = below;
  }
  items[at] = item;
}

function firstBelow<T>(items: readonly T[], at: number, compare: Compare<T>): number {
  const [left, right] = [2 * at + 1, 2 * at + 2];
  const [a, b] = [items[left], items[right]];
  return a !== undefined && b !== undefined && compare(b, a) < 0 ? right : left;
}
