import { type Lives, startLives } from './world/lives';
import { isReplay, range, seedsOf } from './world/seeds';
import { devicesOf } from './world/simulate';

const LIMIT_MS = 300_000;
const WORLDS = 60;
const DAYS = 127;

describe('worlds in which everything goes wrong that can', () => {
  // The largest first: threads have something to do until the end.
  const seeds = [...seedsOf(range(1, WORLDS))].sort((one, other) => devicesOf(other) - devicesOf(one));
  let lives: Lives;
  let deviceYears = 0;

  beforeAll(() => {
    lives = startLives(seeds.map((seed) => ({ seed, days: DAYS })));
  });

  afterAll(() => lives.end());

  it.each(seeds)(
    'seed %d: no law is broken',
    async (seed) => {
      const { counts, ...lived } = await lives.livedThrough(seed);
      deviceYears += lived.deviceYears;

      expect(counts['successes']).toBeGreaterThan(0);
    },
    LIMIT_MS,
  );

  it('have lived for a thousand device-years', () => {
    if (!isReplay()) expect(deviceYears).toBeGreaterThan(1000);
  });
});
