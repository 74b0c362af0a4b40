import { simulate } from '../test/simulation/world/simulate';
import { report } from './measure';

/** From slot to start in the simulation, where nothing is in the way. Milliseconds. */
async function main(): Promise<void> {
  const { skewsMs, violations } = await simulate({ seed: 1, days: 1, devices: 200, isCalm: true });
  if (violations.length > 0) throw new Error(`the simulation breaks a law: ${violations[0]?.law ?? ''}`);
  const sorted = skewsMs.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  report({ starts: sorted.length, p50: at(0.5), p99: at(0.99), longest: at(1) });
}

void main();
