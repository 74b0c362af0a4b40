import { isReplay, range, seedsOf } from './world/seeds';
import { livedThrough } from './world/simulate';

// Two files, so that two processors share the work.
const seeds = seedsOf(range(1, 62)).filter((seed) => seed % 2 === 0);
const LIMIT_MS = 300_000;

let deviceYears = 0;

describe('worlds of even seeds, in which everything goes wrong that can', () => {
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
