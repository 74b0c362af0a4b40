import { type DeviceUuid, instantOf, type RunId } from '../model/brand';
import type { Device } from '../model/device';
import type { Adopter, Ledger } from '../model/ports';
import type { RunRecord } from '../model/run';
import { ADOPT_PAUSE_MS, type Clock, LOST_AFTER_MS } from './limits';
import type { Timer } from './patience';

export interface ClearingTools {
  readonly ledger: Pick<Ledger, 'leave'>;
  readonly adopter: Adopter;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly runTimeoutMs: number;
}

/** Has the containers removed of runs whose results are known: whoever was about to was killed, or lost the link. */
export interface Clearing {
  /** Settles when that is done, or put off; rejects only when the ledger fails. */
  clear(run: RunRecord, device: Device): Promise<void>;
  /** The runs that this is done for now, with their devices. */
  devices(): Iterable<readonly [RunId, DeviceUuid]>;
  /** Puts all of it off. */
  stop(): void;
}

interface Present {
  readonly device: DeviceUuid;
  readonly stop: AbortController;
}

export function createClearing(tools: ClearingTools): Clearing {
  const { ledger, clock, timer, runTimeoutMs } = tools;
  const present = new Map<RunId, Present>();

  async function clear(run: RunRecord, device: Device): Promise<void> {
    const { runId } = run;
    if (present.has(runId)) return;
    const stop = new AbortController();
    // One that was given up may go on until its own time limit. A device that hangs says nothing for ever.
    const takeBack = timer(runTimeoutMs + LOST_AFTER_MS, () => {
      stop.abort();
    });
    present.set(runId, { device: run.device, stop });
    try {
      const isGone = await removed(tools.adopter, run, device, stop.signal);
      ledger.leave(runId, isGone ? null : instantOf(clock.now() + ADOPT_PAUSE_MS));
    } finally {
      takeBack();
      present.delete(runId);
    }
  }

  return {
    clear,
    devices: () => [...present].map(([runId, { device }]) => [runId, device]),
    stop: () => {
      for (const { stop } of present.values()) stop.abort();
    },
  };
}

/** Joins the run without a word to anybody: all of it was told, and is in the ledger. True when its container is gone. */
async function removed(adopter: Adopter, run: RunRecord, device: Device, signal: AbortSignal): Promise<boolean> {
  const { runId, nonce, startedAt } = run;
  const container = { isGone: false };
  await adopter(run, device, {
    runId,
    nonce,
    startedAt,
    lastSuccess: null,
    signal,
    cancelled: new AbortController().signal,
    forget: [],
    emit: () => undefined,
    advance: () => undefined,
    commit: () => true,
    removed: () => {
      container.isGone = true;
    },
  });
  return container.isGone;
}
