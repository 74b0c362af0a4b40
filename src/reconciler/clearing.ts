import { type DeviceUuid, instantOf, type RunId } from '../model/brand';
import type { Device } from '../model/device';
import type { Adopter, Ledger } from '../model/ports';
import type { RunRecord } from '../model/run';
import { ADOPT_PAUSE_MS, type Clock } from './limits';

export interface ClearingTools {
  readonly ledger: Pick<Ledger, 'leave'>;
  readonly adopter: Adopter;
  readonly clock: Clock;
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

export function createClearing({ ledger, adopter, clock }: ClearingTools): Clearing {
  const present = new Map<RunId, DeviceUuid>();
  const stop = new AbortController();

  async function clear(run: RunRecord, device: Device): Promise<void> {
    const { runId, nonce, startedAt } = run;
    if (present.has(runId)) return;
    const container = { isGone: false };
    present.set(runId, run.device);
    try {
      await adopter(run, device, {
        runId,
        nonce,
        startedAt,
        lastSuccess: null,
        signal: stop.signal,
        cancelled: new AbortController().signal,
        forget: [],
        // All of this was told, and is in the ledger.
        emit: () => undefined,
        advance: () => undefined,
        commit: () => true,
        removed: () => {
          container.isGone = true;
        },
      });
      ledger.leave(runId, container.isGone ? null : instantOf(clock.now() + ADOPT_PAUSE_MS));
    } finally {
      present.delete(runId);
    }
  }

  return {
    clear,
    devices: () => present,
    stop: () => {
      stop.abort();
    },
  };
}
