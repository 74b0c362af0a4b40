import type { ImageNeeds } from './backend';
import type { Device } from './device';

/** Where the value of a policy field comes from. */
export type Origin =
  | { readonly kind: 'default'; readonly variable: string }
  | { readonly kind: 'environment'; readonly variable: string }
  | { readonly kind: 'fleet-tag'; readonly tag: string }
  | { readonly kind: 'device-tag'; readonly tag: string };

export interface Resolved<T> {
  readonly value: T;
  readonly origin: Origin;
}

/** What is wrong with one field of a policy: never holds an expanded URL or another secret. */
export interface PolicyProblem {
  /** The tag or variable as the person wrote it, for example `backupUrl`. */
  readonly field: string;
  readonly origin: Origin;
  /** What is wrong, why, and what to do, as one sentence. */
  readonly message: string;
}

/** Where a device's snapshots go. `url` may carry credentials: it goes to the device over stdin and nowhere else. */
export interface Target {
  readonly url: string;
  /** Duplicity options beside the URL, each one word: `--file-prefix=...`. */
  readonly options: readonly string[];
  /** As written, lower case, without `://`. */
  readonly scheme: string;
  readonly user: string | null;
  readonly host: string | null;
  readonly port: number | null;
  readonly path: string;
  readonly filePrefix: string | null;
  /** True where the snapshots stay on the device itself (`file:`). */
  readonly deviceLocal: boolean;
  /** Names of the orchestrator's variables that the run container gets, for this scheme and this server. */
  readonly variables: readonly string[];
  /** True where Duplicity reaches the target over SSH with a key (rsync over ssh, sftp, scp). */
  readonly overSsh: boolean;
  readonly needs: ImageNeeds;
  /** Equal for two URLs that name the same place: scheme family, host, port, normalised path and prefix. No credentials. */
  readonly place: string;
  /** The URL without credentials, for people. */
  readonly shown: string;
}

export type VolumeSelection = { readonly kind: 'all' } | { readonly kind: 'named'; readonly names: readonly string[] };

/** A schedule as one device reads it: `H` is already replaced by the device's own values. */
export interface Schedule {
  /** As the person wrote it. */
  readonly text: string;
  /** Six fields, seconds first, in croner's grammar. */
  readonly pattern: string;
  /** IANA zone. */
  readonly timezone: string;
}

/** A Duplicity interval such as `30D` or `1W2D`, in seconds (a month is 30 days, a year 365, as Duplicity counts). */
export interface FullEvery {
  readonly text: string;
  readonly seconds: number | null;
}

export type Compression = 'none' | 'fast' | 'default';

/** Everything that says how a device is backed up; every field knows where it came from. */
export interface Policy {
  readonly target: Resolved<Target>;
  readonly volumes: Resolved<VolumeSelection>;
  readonly schedule: Resolved<Schedule>;
  /** The zone in `schedule`, with its own origin. */
  readonly timezone: Resolved<string>;
  readonly fullEvery: Resolved<FullEvery>;
  readonly keepFull: Resolved<number | null>;
  /** Bytes a second on the wire, or null for no limit. */
  readonly bandwidth: Resolved<number | null>;
  readonly request: Resolved<string> | null;
  readonly address: Resolved<string> | null;
}

/** A target with the device's own UUID left open: the same for all devices whose URLs differ in nothing else. */
export interface FoldedTarget {
  readonly folded: Target;
}

/** A policy as it is kept, with the device's own UUID left open; `policyFor` gives the device's own. */
export interface FoldedPolicy extends Omit<Policy, 'target'> {
  readonly target: Resolved<FoldedTarget>;
  /** Changes when what is done on the device would; a request is no change of it. */
  readonly key: string;
  /** `pattern zone`. */
  readonly scheduleKey: string;
}

export type Desire =
  | { readonly kind: 'not-enabled'; readonly problem: PolicyProblem | null }
  | { readonly kind: 'rejected'; readonly problems: readonly PolicyProblem[] }
  | { readonly kind: 'enabled'; readonly policy: FoldedPolicy };

/** What the tags and defaults ask for one device. */
export interface DesiredDevice {
  readonly device: Device;
  readonly desire: Desire;
}
