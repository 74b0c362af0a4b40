import type { Secret } from './secret';

/** The text a policy field has by default, and the variable it comes from; `given` is false for the built-in default. */
export interface DefaultField {
  readonly variable: string;
  readonly text: string;
  readonly given: boolean;
}

/** The environment's part of a policy, still as text: it goes through the same parsers as tags do. */
export interface PolicyDefaults {
  readonly url: DefaultField;
  readonly volumes: DefaultField;
  readonly schedule: DefaultField;
  readonly timezone: DefaultField;
  readonly fullEvery: DefaultField;
  readonly keepFull: DefaultField | null;
  readonly bandwidth: DefaultField | null;
}

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';
export type TransportKind = 'gateway' | 'tunnel' | 'direct';

/** The orchestrator's configuration, checked. */
export interface Settings {
  readonly apiKey: Secret;
  readonly passphrase: Secret;
  readonly passphraseMode: 'shared' | 'per-device';
  readonly passphraseChange: 'refuse' | 'new-chain';
  readonly defaults: PolicyDefaults;
  readonly startingDeadlineMs: number | null;
  readonly compression: 'none' | 'fast' | 'default';
  /** Fractions of a core, or null. */
  readonly cpus: number | null;
  /** Bytes, or null. */
  readonly memory: number | null;
  /** What runs on devices; for a target that needs more, `fullImage`. Both are the operator's own where one was chosen. */
  readonly image: string;
  readonly fullImage: string;
  readonly mountMode: 'ro' | 'rw';
  readonly maxConcurrentRuns: number;
  readonly reconcileIntervalMs: number;
  readonly runTimeoutMs: number;
  readonly stallTimeoutMs: number;
  readonly apiUrl: string;
  /** Fleet slugs, or null for all that the key can see. */
  readonly fleets: readonly string[] | null;
  readonly backupSelf: boolean;
  /** UUID of the device that the orchestrator itself runs on, or null. */
  readonly selfUuid: string | null;
  readonly transports: readonly TransportKind[];
  readonly gateway: HostPort;
  readonly gatewayHostKey: string | null;
  readonly tunnel: HostPort;
  readonly tunnelTls: boolean;
  readonly stateDir: string;
  /** A file that the controller touches while all is well with it, for a health check; null: none. */
  readonly heartbeat: string | null;
  readonly keysDir: string;
  readonly collectorHostKey: string | null;
  readonly userSshKey: Secret | null;
  readonly userSshKnownHosts: string | null;
  /** Null: every variable that is not forbidden may be used in URLs. */
  readonly urlVariables: readonly string[] | null;
  readonly assumeYes: boolean;
  readonly logLevel: LogLevel;
  readonly logFormat: 'text' | 'json';
  /** The whole environment, for URL expansion and backend credentials. Read through `model/expand.ts` and `model/backend.ts` only. */
  readonly environment: ReadonlyMap<string, string>;
  /** Every value that must never be shown: for the scrubber. */
  readonly secrets: readonly Secret[];
  /** Sentences for the log: what was read, but is probably not what the person meant. */
  readonly warnings: readonly string[];
}
