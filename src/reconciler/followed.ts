import type { RunRef } from '../model/event';
import type { RunRecord } from '../model/run';
import { createPatience, type Patience, type Timer } from './patience';

type Followable = Pick<RunRecord, 'runId' | 'slot' | 'startedAt' | 'nonce'>;

/** A run that this process looks after. */
export interface Followed {
  readonly run: RunRef;
  readonly record: Followable;
  readonly stop: AbortController;
  readonly cancel: AbortController;
  /** Until when it must have come to an end, or else is left. */
  readonly patience: Patience;
  /** Whether its result is in the ledger: what is left is to have its container removed. */
  isEnded: boolean;
  /** Whether nothing more is waited for: a device whose engine hangs keeps its link open, and says nothing. */
  isOverdue: boolean;
}

export function followedOf(run: RunRef, record: Followable, timer: Timer): Followed {
  const followed: Followed = {
    run,
    record,
    stop: new AbortController(),
    cancel: new AbortController(),
    patience: createPatience(timer, () => {
      followed.isOverdue = true;
      followed.stop.abort();
    }),
    isEnded: false,
    isOverdue: false,
  };
  return followed;
}
