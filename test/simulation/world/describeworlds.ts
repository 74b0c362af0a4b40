import { startLives } from './lives';
import { isReplay, range, seedsOf } from './seeds';
import { devicesOf } from './simulate';

const LIMIT_MS = 300_000;
const WORLDS = 60;

/** A quarter of the worlds: processors take files, and four of them they share more evenly than two. */
export function describeWorlds(quarter: 0 | 1 | 2 | 3): void {
  const seeds = dealt(seedsOf(range(1, WORLDS)), 4)[quarter] ?? [];
  let deviceYears = 0;

  describe(`worlds of a quarter of the seeds (${String(quarter)}), in which everything goes wrong that can`, () => {
    // A replay of one seed leaves nothing for the others, and Jest takes no empty table.
    if (seeds.length === 0) {
      it('has none of the seeds that are replayed', () => {
        expect(isReplay()).toBe(true);
      });
      return;
    }

    const lives = startLives();
    afterAll(() => lives.end());

    it.each(seeds)(
      'seed %d: no law is broken',
      async (seed) => {
        const { counts, ...lived } = await lives.livedThrough({ seed, days: 127 });
        deviceYears += lived.deviceYears;

        expect(counts['successes']).toBeGreaterThan(0);
      },
      LIMIT_MS,
    );

    it('have lived for a quarter of a thousand device-years', () => {
      if (!isReplay()) expect(deviceYears).toBeGreaterThan(250);
    });
  });
}

interface Hand {
  readonly seeds: number[];
  devices: number;
}

/** The largest worlds first, each to the hand with the fewest devices: all hands take about as long. */
function dealt(seeds: readonly number[], count: number): readonly (readonly number[])[] {
  const hands = Array.from({ length: count }, (): Hand => ({ seeds: [], devices: 0 }));
  for (const seed of [...seeds].sort((one, other) => devicesOf(other) - devicesOf(one))) {
    const hand = hands.reduce((least, other) => (other.devices < least.devices ? other : least));
    hand.seeds.push(seed);
    hand.devices += devicesOf(seed);
  }
  return hands.map((hand) => hand.seeds);
}
