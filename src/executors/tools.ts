import type { Instant } from '../model/brand';
import type { Keys, Transport } from '../model/ports';
import type { Settings } from '../model/settings';

/** What every executor works with. */
export interface RunTools {
  readonly transport: Transport;
  readonly keys: Keys;
  readonly settings: Settings;
  /** Takes known secrets out of a text. */
  readonly scrub: (text: string) => string;
  readonly clock: { now(): Instant };
}
