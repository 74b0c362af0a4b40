import type { Either } from 'fp-ts/Either';
import type { ActionKind, ActionOf } from './action';
import type { DeviceUuid, Instant, RunId } from './brand';
import type { Device } from './device';
import type { EventSink } from './event';
import type { Failure } from './failure';
import type { Target } from './policy';
import type { DeviceFacts, Outcome, Retention, RunOwner, RunPhase, RunRecord } from './run';
import type { Secret } from './secret';
import type { Slot } from './slot';

/** The API's answer: every device with `backupEnabled` on itself or its fleet, and the rows that could not be read. */
export interface FleetReading {
  readonly devices: readonly Device[];
  readonly unreadable: readonly { readonly what: string; readonly problem: string }[];
}

/** An SSH key of ours as the account lists it. */
export interface AccountKey {
  readonly title: string;
  /** `type base64 comment`. */
  readonly publicKey: string;
  /** Made just now, for want of the former one: keys with this title and this comment are of no use to anybody any more. */
  readonly isNew: boolean;
}

export interface KeyEnsured {
  readonly added: boolean;
  /** How many useless keys of ours were removed. */
  readonly removed: number;
}

/** balena's API, as far as we use it. Failures are values: `auth-rejected` (who: api) and `api-unavailable`. */
export interface FleetApi {
  /** One paged query (design.md section 5). Each device is given to `share` as it is read, and what that gives is in the answer: a large fleet need not be in memory twice. */
  readDevices(signal: AbortSignal, share?: (device: Device) => Device): Promise<Either<Failure, FleetReading>>;
  /** Every device that the key may see in those fleets, whatever its tags: for a look around, not for passes. */
  readAll(signal: AbortSignal): Promise<Either<Failure, FleetReading>>;
  /** Devices of that name, or whose UUID begins like that (7 or more digits), whether or not they are enabled. */
  findDevices(meant: string, signal: AbortSignal): Promise<Either<Failure, FleetReading>>;
  /** The account's name: the gateway's SSH user. */
  username(signal: AbortSignal): Promise<Either<Failure, string>>;
  /** Whether the account has this key material. */
  hasKey(publicKey: string, signal: AbortSignal): Promise<Either<Failure, boolean>>;
  /** Adds the key unless the account has the same key material. */
  ensureKey(key: AccountKey, signal: AbortSignal): Promise<Either<Failure, KeyEnsured>>;
}

/** What is known when the far shell's channel or the link has ended. An exit code from a gateway means nothing. */
export interface SessionEnd {
  /** `closed`: the far side ended the channel in order; `lost`: the link broke or the keepalive gave up. */
  readonly kind: 'closed' | 'lost';
  /** Typed when the far side's words name a reason, for example a device that the gateway cannot reach. */
  readonly failure: Failure | null;
  readonly exitCode: number | null;
  /** The last 4 KiB of standard error, control characters escaped. */
  readonly stderrTail: string;
}

/** One shell on the host OS of one device: what is sent is its standard input. */
export interface Session {
  send(text: string): void;
  /** Lines of standard output in order, without their ends; a line over 64 KiB is cut. Ends when the channel does. Who stops listening may go on later: nothing is lost. */
  readonly lines: AsyncIterable<string>;
  /** Settles after `lines` has ended; never rejects. */
  readonly ended: Promise<SessionEnd>;
  /** Ends the channel and, when it was the last, the connection. */
  close(): void;
}

/** The way to a device. One connection and one channel a session in the good case. */
export interface Transport {
  readonly name: string;
  /** Opens a shell that reads the script from its standard input. Every phase has its own time limit. */
  open(device: Device, signal: AbortSignal): Promise<Either<Failure, Session>>;
  /** Closes what is kept open. */
  close(): void;
}

/** What the run container needs to reach a target over SSH. Held in memory only. */
export interface SshCredential {
  readonly privateKey: Secret;
  /** OpenSSH certificate (the text of `key-cert.pub`), or null for a plain key. */
  readonly certificate: string | null;
  /** known_hosts lines for exactly the target's host. */
  readonly knownHosts: string;
}

export interface FleetKey {
  readonly privateKey: Secret;
  /** `type base64 comment`. */
  readonly publicKey: string;
  readonly fingerprint: string;
  /** Whether this process has made it: there was none, or what there was is lost. */
  readonly isNew: boolean;
}

/** What a certificate opens a device's directory at the collector for. */
export type CollectorAccess = 'read' | 'write';

export interface Keys {
  /** Our own key for balena devices, made at the first call. */
  fleetKey(): Promise<FleetKey>;
  /** Whether the target's SSH server is the collector, rather than one that the user's own known_hosts names. */
  isCollector(target: Target): boolean;
  /**
   * For a target with `overSsh`: the user's key where known_hosts has the host, else a certificate for the collector. It
   * opens the directory of `device`, which for a restore is the device that the snapshots are of, and with `read` (default:
   * `write`) it opens it for reading only.
   */
  credentialFor(
    target: Target,
    device: DeviceUuid,
    runId: RunId,
    access?: CollectorAccess,
  ): Promise<Either<Failure, SshCredential>>;
  /**
   * For this process itself, and for five minutes: has a collector drop all chains of the device but the `keep` newest,
   * whatever command is sent. It answers with one line of JSON. Left where the target is not at the collector.
   */
  pruneCredentialFor(target: Target, device: DeviceUuid, keep: number): Promise<Either<Failure, SshCredential>>;
}

/** Has a collector drop all chains of a device but the `keep` newest, and says what it did. */
export type PruneCollector = (target: Target, device: DeviceUuid, keep: number) => Promise<Either<Failure, Retention>>;

/** What a pass saw of one enabled device. */
export interface Sighting {
  readonly device: DeviceUuid;
  readonly name: string;
  /** `pattern zone` of its schedule. */
  readonly scheduleKey: string;
  /** Changes when anything in the policy does: failures are forgotten then. */
  readonly policyKey: string;
  /** Present token of `backupRequest`, or null. */
  readonly request: string | null;
}

/** What the ledger remembers of a device. */
export interface KnownDevice {
  readonly uuid: DeviceUuid;
  readonly name: string;
  /** Whether the last pass saw it enabled. */
  readonly isEnabled: boolean;
  /** Null for a device that was only ever run by hand. */
  readonly facts: DeviceFacts | null;
}

export type NewRun = Pick<
  RunRecord,
  'runId' | 'actionId' | 'kind' | 'device' | 'deviceName' | 'slot' | 'attempt' | 'nonce' | 'place' | 'startedAt'
>;

/** How far the ledger's runs have been read. Only the ledger makes and understands it. */
export interface RunMark {
  readonly upTo: number;
  readonly active: ReadonlySet<number>;
}

/** Runs in the order in which they were begun; one may be in both lists. */
export interface RunNews {
  readonly begun: readonly RunRecord[];
  readonly ended: readonly RunRecord[];
  readonly mark: RunMark;
}

/** The durable record of runs. Synchronous: SQLite in this process; every call is one transaction. */
export interface Ledger {
  /** Facts of every device seen so far, in a few queries. The map is the ledger's own: its next call may change it, and never what is in it. */
  facts(): ReadonlyMap<DeviceUuid, DeviceFacts>;
  /**
   * Records what a pass saw of the enabled devices. Those whose policy is `rejected` stay as they are, so that a slot they
   * miss is made up for once the policy is corrected; all others are no longer enabled.
   */
  see(sightings: Iterable<Sighting>, now: Instant, rejected?: ReadonlySet<DeviceUuid>): void;
  /** Makes the run active. False, and nothing written, when the device has an active run already. */
  begin(run: NewRun, owner: RunOwner, leaseUntil: Instant): boolean;
  /** Extends the leases of all active runs of this owner and names them: a run that is not among them is to be left alone. */
  renew(owner: RunOwner, leaseUntil: Instant): ReadonlySet<RunId>;
  /** Takes over an active run whose lease has expired. False when it has ended or its lease still runs. */
  takeOver(runId: RunId, owner: RunOwner, now: Instant, leaseUntil: Instant): boolean;
  /** Gives an active run up: from `until` on anybody may take it over. False when it is not this owner's any more. */
  release(runId: RunId, owner: RunOwner, until: Instant): boolean;
  /** Where the run is from now on. */
  advance(runId: RunId, phase: RunPhase, now: Instant): void;
  /** Commits the outcome; `handled` marks its slot as handled; `retryAt` is when the device may be tried again. False when it had ended already. */
  finish(runId: RunId, ending: RunEnding): boolean;
  /** Marks a slot as handled without a run (past its starting deadline). */
  skip(device: DeviceUuid, slot: Slot): void;
  active(): readonly RunRecord[];
  /** The runs that have ended and whose containers may still be on their devices. */
  remaining(): readonly RunRecord[];
  /** Its container is not on the device any more (null), or nobody looks for that of the ended run before the instant. */
  leave(runId: RunId, until: Instant | null): void;
  /** The runs that have begun, and those that have ended, since the mark; without one there is no news yet. */
  news(mark: RunMark | null): RunNews;
  /** The device's last run that has stored a snapshot, or null. */
  lastSuccessOf(device: DeviceUuid): RunRecord | null;
  /** The device's failures in a row, since its policy is what it is. */
  failuresOf(device: DeviceUuid): number;
  /** Nonces of the latest of the device's runs that have ended, latest first. */
  endedNonces(device: DeviceUuid, limit: number): readonly string[];
  /** The device's runs, latest first. */
  runsOf(device: DeviceUuid, limit: number): readonly RunRecord[];
  close(): void;
}

export interface RunEnding {
  readonly outcome: Exclude<Outcome, { readonly kind: 'detached' }>;
  readonly endedAt: Instant;
  readonly handled: boolean;
  /** Counts toward the backoff. */
  readonly counts: boolean;
  readonly retryAt: Instant | null;
}

/** What an executor is given for one run. */
export interface RunContext {
  readonly runId: RunId;
  readonly nonce: string;
  readonly startedAt: Instant;
  /** The device's last backup that was good, or null. */
  readonly lastSuccess: RunRecord | null;
  /** Aborted at shutdown: leave the run going on the device and give `detached`. */
  readonly signal: AbortSignal;
  /** Aborted when a person wants the run ended on the device: it fails as `cancelled`. */
  readonly cancelled: AbortSignal;
  /** Nonces of the device's runs that have ended: their results are known, so their containers may go. */
  readonly forget: readonly string[];
  readonly emit: EventSink;
  readonly advance: (phase: RunPhase) => void;
  /** Commits the outcome to the ledger. The container is only removed once this is true: a crash before leaves it to be adopted. */
  readonly commit: (outcome: Exclude<Outcome, { readonly kind: 'detached' }>) => boolean;
  /** Called when it is known that the run's container is not on the device any more. */
  readonly removed: () => void;
}

/** Carries out one kind of action. Never rejects: what goes wrong is in the outcome. */
export type Executor<K extends ActionKind> = (action: ActionOf<K>, context: RunContext) => Promise<Outcome>;

/**
 * Follows or collects the run that another process, or an earlier link, left on the device: alive = follow it, ended =
 * collect its result, gone = failed with `run-lost`. Starts nothing. Needs no policy: the run carries its own.
 */
export type Adopter = (run: RunRecord, device: Device, context: RunContext) => Promise<Outcome>;

/** A kind without an executor does not compile. */
export type Executors = { readonly [K in ActionKind]: Executor<K> };
