import type { ActionKind } from './action';
import type { DeviceUuid, Instant, RunId } from './brand';
import type { Failure } from './failure';
import type { PolicyProblem } from './policy';
import type { Effect, Retention, RunPhase } from './run';
import type { HoldReason } from './verdict';

/** Which device an event is about. */
export interface DeviceRef {
  readonly uuid: DeviceUuid;
  readonly name: string;
}

/** Which run an event is about. `slot` as `slotText` writes it. */
export interface RunRef {
  readonly runId: RunId;
  readonly device: DeviceRef;
  readonly kind: ActionKind;
  readonly slot: string;
  readonly attempt: number;
}

/** Which link an event is about. */
export interface LinkRef {
  readonly device: DeviceRef;
  readonly host: string;
  readonly transport: string;
}

/** Facts that the program states about itself. One switch (`log/lines.ts`) turns them into log lines. */
export type Event =
  | { readonly event: 'process.started'; readonly version: string; readonly pid: number; readonly stateDir: string }
  | { readonly event: 'process.stopping'; readonly signal: string; readonly activeRuns: number }
  | { readonly event: 'process.stopped'; readonly code: number }
  | { readonly event: 'config.rejected'; readonly problems: readonly string[] }
  | { readonly event: 'config.warned'; readonly message: string }
  | { readonly event: 'reconcile.started'; readonly cause: 'start' | 'interval' | 'signal' | 'wake' | 'run-ended' }
  | {
      readonly event: 'reconcile.finished';
      readonly cause: 'start' | 'interval' | 'signal' | 'wake' | 'run-ended';
      readonly devices: number;
      readonly due: number;
      readonly held: number;
      readonly rejected: number;
      readonly notDue: number;
      readonly notEnabled: number;
      readonly durationMs: number;
      readonly wakeAt: Instant | null;
    }
  | { readonly event: 'reconcile.failed'; readonly failure: Failure; readonly retryAt: Instant }
  | { readonly event: 'fleet.row.rejected'; readonly what: string; readonly problem: string }
  | {
      readonly event: 'device.policy.rejected';
      readonly device: DeviceRef;
      readonly problems: readonly PolicyProblem[];
    }
  | { readonly event: 'device.policy.accepted'; readonly device: DeviceRef; readonly summary: string }
  | { readonly event: 'device.policy.dropped'; readonly device: DeviceRef; readonly problem: PolicyProblem | null }
  | {
      readonly event: 'device.held';
      readonly device: DeviceRef;
      readonly reason: HoldReason;
      readonly until: Instant | null;
      readonly changed: boolean;
    }
  | { readonly event: 'slot.missed'; readonly device: DeviceRef; readonly slot: string; readonly count: number }
  | { readonly event: 'run.planned'; readonly run: RunRef }
  | {
      readonly event: 'run.started';
      readonly run: RunRef;
      readonly adopted: boolean;
      /** The other process that looks after the run; null: this one does. */
      readonly process: string | null;
    }
  | { readonly event: 'run.progressed'; readonly run: RunRef; readonly phase: RunPhase; readonly detail: string }
  | { readonly event: 'run.output'; readonly run: RunRef; readonly line: string }
  | { readonly event: 'run.warned'; readonly run: RunRef; readonly message: string }
  | {
      readonly event: 'run.succeeded';
      readonly run: RunRef;
      readonly effect: Effect;
      readonly durationMs: number;
      readonly process: string | null;
    }
  | {
      readonly event: 'run.failed';
      readonly run: RunRef;
      readonly failure: Failure;
      readonly durationMs: number;
      readonly process: string | null;
    }
  | { readonly event: 'retention.applied'; readonly run: RunRef; readonly retention: Retention }
  | { readonly event: 'run.detached'; readonly run: RunRef; readonly reason: 'link-lost' | 'shutdown' | 'taken-over' }
  | { readonly event: 'run.cancelled'; readonly run: RunRef; readonly by: string; readonly process: string | null }
  | {
      readonly event: 'run.backoff.scheduled';
      readonly run: RunRef;
      readonly failures: number;
      readonly until: Instant;
    }
  | ({ readonly event: 'transport.connected' } & LinkRef)
  | ({ readonly event: 'transport.closed' } & LinkRef)
  | ({ readonly event: 'transport.failed'; readonly failure: Failure } & LinkRef)
  | { readonly event: 'hostkey.remembered'; readonly host: string; readonly fingerprint: string }
  | {
      readonly event: 'fleetkey.registered';
      readonly title: string;
      readonly fingerprint: string;
      /** How many keys were removed that the new one stands for. */
      readonly removed: number;
    }
  | { readonly event: 'fleetkey.restored'; readonly title: string; readonly fingerprint: string }
  | { readonly event: 'credential.refused'; readonly who: 'api' | 'ssh'; readonly failure: Failure }
  | { readonly event: 'credential.recovered'; readonly who: 'api' | 'ssh' }
  | { readonly event: 'target.unavailable'; readonly place: string; readonly failure: Failure; readonly until: Instant }
  | { readonly event: 'target.recovered'; readonly place: string }
  | { readonly event: 'ledger.recovered'; readonly orphans: number };

export type EventName = Event['event'];
export type EventSink = (event: Event) => void;
