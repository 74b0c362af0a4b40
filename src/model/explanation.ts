import type { Instant } from './brand';
import type { Device } from './device';
import type { Failure } from './failure';
import type { Origin } from './policy';
import type { KnownDevice } from './ports';
import type { DeviceFacts, RunRecord } from './run';
import type { GuardName, Verdict } from './verdict';

/** One question of the decision about one device, and its answer. */
export interface Step {
  readonly guard: GuardName;
  /** Whoever answers yes to all of them gets its run. */
  readonly question: string;
  readonly isYes: boolean;
  /** What the answer rests on. */
  readonly because: string;
}

/** A field of a policy, for people; no credential is in it. */
export interface PolicyLine {
  readonly field: string;
  readonly value: string;
  readonly origin: Origin;
}

/** What a pass would say of one device. */
export interface DeviceAnswer {
  readonly device: Device;
  readonly verdict: Verdict;
  /** What happens, or why nothing does, in a sentence. */
  readonly words: string;
  /** Null for a device that no pass has seen enabled. */
  readonly facts: DeviceFacts | null;
  /** The first slot of its schedule after now. */
  readonly nextSlot: Instant | null;
}

/** How the answer for one device comes about. */
export interface Explanation extends DeviceAnswer {
  /** Empty without a valid policy. */
  readonly policy: readonly PolicyLine[];
  /** In the order in which they are asked; the first that is not yes decides. */
  readonly steps: readonly Step[];
  readonly timezone: string | null;
  readonly nextSlots: readonly Instant[];
  /** What a person can do, or that nothing need be done. */
  readonly advice: string;
}

/** What a pass would do beside starting runs. */
export type Chore =
  /** Joins a run that nobody looks after, or collects its result. */
  | { readonly kind: 'adopt'; readonly run: RunRecord }
  /** Gives a run up that nothing can come of any more. */
  | { readonly kind: 'lose'; readonly run: RunRecord }
  /** Lets a slot go that is past its starting deadline. */
  | { readonly kind: 'skip'; readonly device: Device; readonly slot: string; readonly missed: number };

/** What people's commands see of the fleet. */
export interface Outlook {
  readonly at: Instant;
  /** Whether a controller runs on this STATE_DIR: without one nothing of this happens. */
  readonly isControlled: boolean;
  /** The rows of the API's answer that could not be read. */
  readonly unreadable: readonly { readonly what: string; readonly problem: string }[];
  readonly seen: Seen;
}

/** What a pass would make of the fleet; or, where the API does not answer, what the ledger remembers of it. */
export type Seen =
  | {
      readonly kind: 'fleet';
      /** The devices that were asked for, or all: those that start first, in that order, then the others by name. */
      readonly answers: readonly DeviceAnswer[];
      readonly chores: readonly Chore[];
      /** When a pass would look again by itself. */
      readonly wakeAt: Instant | null;
      readonly explain: (answer: DeviceAnswer) => Explanation;
    }
  | { readonly kind: 'ledger'; readonly failure: Failure; readonly devices: readonly KnownDevice[] };
