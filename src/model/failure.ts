import type { PolicyProblem } from './policy';

/** What a run itself may take too long for; whatever else timed out was on the way to a device. */
export const RUN_LIMITS = { run: 'the run', stall: 'a run without progress' } as const;

/**
 * Why a run, a pass or a request did not succeed. Free text in it (`detail`, `stderrTail`) is scrubbed of secrets and of
 * control characters before it gets here. What happens next is decided by `reconciler/disposition.ts`, by kind.
 */
export type Failure =
  | {
      readonly kind: 'device-unreachable';
      readonly phase: 'resolve' | 'connect' | 'handshake' | 'channel';
      readonly detail: string;
    }
  | { readonly kind: 'auth-rejected'; readonly who: 'api' | 'ssh'; readonly detail: string }
  | { readonly kind: 'host-key-changed'; readonly host: string; readonly expected: string; readonly got: string }
  | { readonly kind: 'credential-missing'; readonly what: string; readonly detail: string }
  | {
      readonly kind: 'api-unavailable';
      readonly status: number | null;
      readonly retryAfterMs: number | null;
      readonly detail: string;
    }
  | {
      readonly kind: 'remote-command-failed';
      readonly exitCode: number | null;
      readonly signal: string | null;
      readonly stderrTail: string;
      readonly durationMs: number;
    }
  | { readonly kind: 'timed-out'; readonly phase: string; readonly limitMs: number }
  | { readonly kind: 'output-too-large'; readonly limitBytes: number }
  | { readonly kind: 'integrity-mismatch'; readonly expected: string; readonly got: string }
  | { readonly kind: 'chain-broken'; readonly detail: string }
  | {
      readonly kind: 'store-full';
      readonly where: 'device' | 'target';
      readonly freeBytes: number | null;
      readonly detail: string;
    }
  | { readonly kind: 'store-unavailable'; readonly detail: string }
  | { readonly kind: 'image-unavailable'; readonly image: string; readonly detail: string }
  | { readonly kind: 'image-lacking'; readonly image: string; readonly names: readonly string[] }
  | { readonly kind: 'volume-missing'; readonly names: readonly string[] }
  | { readonly kind: 'volumes-none' }
  | { readonly kind: 'volume-emptied'; readonly names: readonly string[] }
  | { readonly kind: 'passphrase-wrong'; readonly detail: string }
  | { readonly kind: 'clock-behind'; readonly detail: string }
  | { readonly kind: 'clock-ahead'; readonly detail: string }
  | { readonly kind: 'device-busy'; readonly runId: string }
  | { readonly kind: 'run-lost'; readonly detail: string }
  | { readonly kind: 'not-proven'; readonly detail: string }
  /** Nothing was begun; `detail` says why and what to do. */
  | { readonly kind: 'restore-refused'; readonly detail: string }
  /** `untouched`: all is as it was; `mixture`: these volumes hold old and new content. */
  | {
      readonly kind: 'restore-failed';
      readonly state: 'untouched' | 'mixture';
      readonly volumes: readonly string[];
      readonly detail: string;
    }
  | { readonly kind: 'policy-invalid'; readonly problems: readonly PolicyProblem[] }
  | { readonly kind: 'cancelled'; readonly by: 'shutdown' | 'superseded' | 'person' }
  | { readonly kind: 'defect'; readonly detail: string; readonly stack: string | null };

export type FailureKind = Failure['kind'];
export type FailureOf<K extends FailureKind> = Extract<Failure, { readonly kind: K }>;
