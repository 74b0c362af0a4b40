import type { ActionKind } from './action';
import type { ActionId, DeviceUuid, Instant, RunId } from './brand';
import type { Failure } from './failure';
import type { Slot } from './slot';
import type { Restored, Survey } from './survey';

export type SnapshotMode = 'full' | 'incremental';

/** Figures of one run: bytes and counts from Duplicity's statistics block, the time from the device's engine. */
export interface RunStatistics {
  readonly sourceFiles: number;
  readonly sourceBytes: number;
  readonly newFiles: number;
  readonly changedFiles: number;
  readonly deletedFiles: number;
  /** What the run added to the target, as Duplicity counts it (volumes only). */
  readonly storedBytes: number;
  readonly errors: number;
  /**
   * How long the container worked, also while nobody listened; less than the run took, which has to reach the device
   * and may have to get an image. Null when it is not known, as where the device's clock was set meanwhile.
   */
  readonly durationMs: number | null;
}

/** What became of older snapshots at the target after a run; proven by a listing. */
export interface Retention {
  /** Full chains that the target has now. */
  readonly keptFull: number;
  /** Times of the snapshots that were dropped, oldest first. */
  readonly dropped: readonly Instant[];
  /** Sets that interrupted runs had left there, and that were cleared away. */
  readonly healed: number;
}

/** A snapshot that is proven to be at the target. */
export interface Stored {
  readonly kind: 'stored';
  readonly mode: SnapshotMode;
  readonly statistics: RunStatistics;
  /** Names of the volumes in the snapshot, sorted, and of those of them that were empty. */
  readonly volumes: readonly string[];
  readonly emptyVolumes: readonly string[];
  /** Duplicity's own time of the set, to the second. */
  readonly snapshotAt: Instant;
  /** Null when it is not known, as of runs of an older version. */
  readonly retention: Retention | null;
}

/** What a run that succeeded has brought about. */
export type Effect =
  | Stored
  /** Duplicity did what a person asked for in its own words. */
  | { readonly kind: 'executed'; readonly command: string }
  | { readonly kind: 'surveyed'; readonly survey: Survey }
  | { readonly kind: 'restored'; readonly restored: Restored };

/** How a run ended. `detached`: the link is gone, the run goes on, on the device, and is adopted later. */
export type Outcome =
  | {
      readonly kind: 'succeeded';
      readonly effect: Effect;
      /** The last lines of output, scrubbed. */
      readonly tail: readonly string[];
      readonly warnings: readonly string[];
    }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly tail: readonly string[] }
  | { readonly kind: 'detached'; readonly reason: 'link-lost' | 'shutdown' };

/** The snapshot that the run is known to have stored, or null. */
export function storedBy(run: Pick<RunRecord, 'outcome'> | null): Stored | null {
  const outcome = run?.outcome ?? null;
  return outcome?.kind === 'succeeded' && outcome.effect.kind === 'stored' ? outcome.effect : null;
}

export type RunPhase = 'connecting' | 'preparing' | 'pulling' | 'running' | 'verifying' | 'exchanging' | 'collecting';

/** A phase of a run and when it began. */
export interface BegunPhase {
  readonly phase: RunPhase;
  readonly at: Instant;
}

/** Who looks after an active run: a process and when it started, so that a reused pid is not mistaken for it. */
export interface RunOwner {
  readonly process: string;
  readonly startedAt: Instant;
}

export interface RunRecord {
  readonly runId: RunId;
  readonly actionId: ActionId;
  readonly kind: ActionKind;
  readonly device: DeviceUuid;
  readonly deviceName: string;
  readonly slot: Slot;
  readonly attempt: number;
  /** Written on every line of the device's script and on the container: proves that it is this ledger's run. */
  readonly nonce: string;
  readonly place: string;
  readonly startedAt: Instant;
  readonly endedAt: Instant | null;
  readonly owner: RunOwner;
  readonly leaseUntil: Instant;
  readonly phase: RunPhase;
  /** The phases it has come through, oldest first; empty where an older version of this program did not write them down. */
  readonly phases: readonly BegunPhase[];
  /** Null while the run is active. */
  readonly outcome: Exclude<Outcome, { kind: 'detached' }> | null;
}

/** What decisions need of a run that has ended: it is in memory for every device of a fleet. `runsOf` has the rest. */
export interface EndedRun {
  /** Its place in the order of the ledger's runs. */
  readonly seq: number;
  /** Where its snapshots are, as `folded` leaves it. */
  readonly place: string;
  readonly endedAt: Instant;
  /** Null: it succeeded. */
  readonly failure: Failure | null;
  /** Of the snapshot that it has stored, or null. */
  readonly snapshotAt: Instant | null;
}

/** What the ledger knows about one device, for deciding. */
export interface DeviceFacts {
  readonly device: DeviceUuid;
  /** The first pass of the present stretch of being enabled. */
  readonly enabledSince: Instant;
  /** The first pass that saw the present schedule and zone. */
  readonly scheduleSince: Instant;
  /** `pattern zone` that `scheduleSince` is about. */
  readonly scheduleKey: string;
  /** The latest schedule slot that is handled, or null. */
  readonly handledSlot: Instant | null;
  /** The last token of `backupRequest` that is handled; the one found with an empty ledger counts as handled. */
  readonly handledRequest: string | null;
  readonly active: RunRecord | null;
  /** The latest backup that has ended. */
  readonly last: EndedRun | null;
  readonly lastSuccess: EndedRun | null;
  /** The newest full at the place of the last success. */
  readonly lastFull: EndedRun | null;
  /** Failures since the last success or change of policy; drives the backoff. */
  readonly failures: number;
  /** No try before this instant, or null. */
  readonly retryAt: Instant | null;
  /** The highest attempt so far at each action of the device's latest runs: the next run's attempt is one more. */
  readonly attempts: ReadonlyMap<ActionId, number>;
}
