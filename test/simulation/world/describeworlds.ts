import { isReplay, range, seedsOf } from './seeds';
import { livedThrough } from './simulate';

const LIMIT_MS = 300_000;
const WORLDS = 62;

/** Half of the worlds: with two files two processors share the work. */
export function describeWorlds(half: 'even' | 'odd'): void {
  const seeds = seedsOf(range(1, WORLDS)).filter((seed) => (seed % 2 === 0) === (half === 'even'));
  let deviceYears = 0;

  describe(`worlds of ${half} seeds, in which everything goes wrong that can`, () => {
    // A replay of one seed leaves nothing for the other half, and Jest takes no empty table.
    if (seeds.length === 0) {
      it('has none of the seeds that are replayed', () => {
        expect(isReplay()).toBe(true);
      });
      return;
    }

    it.each(seeds)(
      'seed %d: no law is broken',
      async (seed) => {
        const { counts, ...lived } = await livedThrough({ seed, days: 150 });
        deviceYears += lived.deviceYears;

        expect(counts['successes']).toBeGreaterThan(0);
      },
      LIMIT_MS,
    );

    it('have lived for half of a thousand device-years', () => {
      if (!isReplay()) expect(deviceYears).toBeGreaterThan(500);
    });
  });
}
