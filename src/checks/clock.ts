import type { Instant } from '../model/brand';
import { bad, type Check, type Finding, ok, warn } from '../model/finding';
import { durationText, instantText } from '../model/shown';

export interface ClockTools {
  readonly limitMs: number;
  readonly now: () => number;
  /** What the API's clock shows, by the header of an answer; null where it does not say. */
  readonly apiTime: (signal: AbortSignal) => Promise<number | null>;
  /** The latest instant that the ledger has written, or null. */
  readonly latest: () => Instant | null;
}

/** Clocks that are read over a network are not compared more closely. */
const CLOSE_MS = 60_000;
/** Certificates for the collector are valid from that long before they were made. */
const FORGIVEN_MS = 5 * 60_000;
const FIX = 'See that the time service of this machine runs: "timedatectl" tells, or the host OS of a balena device.';

/** Whether our clock agrees with the API's, and is not behind what was written before. */
export function clockCheck({ limitMs, now, apiTime, latest }: ClockTools): Check {
  return {
    what: 'clock',
    limitMs,
    examine: async (signal) => {
      const written = latest();
      const behind = written !== null && written > now() + CLOSE_MS ? [behindBy(written, now())] : [];
      const before = now();
      const theirs = await apiTime(signal).catch(() => null);
      const ours = (before + now()) / 2;
      return [...behind, theirs === null ? UNTOLD : compared(ours - theirs)];
    },
  };
}

const UNTOLD = warn(
  'the API does not tell the time, so ours cannot be compared with it',
  'See why the API does not answer.',
);

function compared(aheadMs: number): Finding {
  const off = Math.abs(aheadMs);
  if (off <= CLOSE_MS) return ok("it agrees with the API's");
  const why = `it is ${durationText(off)} ${aheadMs > 0 ? 'ahead of' : 'behind'} the API's: schedules are kept by it`;
  return off > FORGIVEN_MS ? bad(`${why}, and the collector's certificates are dated by it`, FIX) : warn(why, FIX);
}

function behindBy(written: Instant, now: number): Finding {
  const why = `the ledger has an instant that is ${durationText(written - now)} ahead of it, ${instantText(written)}: it is wrong now, or was then`;
  return bad(why, FIX);
}
