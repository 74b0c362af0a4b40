import type { DatabaseSync } from 'node:sqlite';
import type { DeviceUuid } from '../model/brand';
import { type DeviceFacts, type RunOwner, type RunRecord, type Stored, storedBy } from '../model/run';
import { Pool } from '../model/pool';
import { readActive, readDevices, readSummaries, readSomeDevices } from './reading';
import { attemptsOf, type DeviceRow } from './rows';
import { statement } from './statement';

/** What is kept of a row of `device`: the facts made from it, and what they do not say. */
export interface Page {
  readonly facts: DeviceFacts;
  readonly name: string;
  readonly isEnabled: boolean;
  readonly policyKey: string;
  readonly lastRun: number | null;
  readonly lastSuccess: number | null;
  readonly lastFull: number | null;
}

type EndedRuns = ReadonlyMap<number, RunRecord>;

/** Rows and what is made of them are in memory together for so many devices only. */
const BATCH = 1000;

const NO_LINES: readonly string[] = [];
const NO_ATTEMPTS: DeviceFacts['attempts'] = new Map();

/**
 * What the ledger knows of every device that was seen enabled, kept in memory: a pass over a fleet in which little has
 * changed reads little. What this process writes it says by `touch`; that another one has written shows in SQLite's own
 * counter, and then all is read again. To be asked inside a transaction.
 */
export class DeviceBook {
  readonly #database: DatabaseSync;
  readonly #pages = new Map<DeviceUuid, Page>();
  readonly #scheduleKeys = new Pool<string>();
  readonly #owners = new Pool<RunOwner>();
  readonly #volumes = new Pool<readonly string[]>();
  readonly #touched = new Set<DeviceUuid>();
  #active: ReadonlyMap<DeviceUuid, RunRecord> = new Map();
  #version: unknown = null;
  #facts: ReadonlyMap<DeviceUuid, DeviceFacts> | null = null;

  public constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** The device's row, or a run of it, is about to change. */
  public touch(device: DeviceUuid): void {
    this.#touched.add(device);
  }

  /** Devices that were never seen enabled are not in it. */
  public pages(): ReadonlyMap<DeviceUuid, Page> {
    this.#refresh();
    return this.#pages;
  }

  /** What is given stays as it is. */
  public facts(): ReadonlyMap<DeviceUuid, DeviceFacts> {
    this.#refresh();
    this.#follow(new Map(readActive(this.#database).map((run) => [run.device, run])));
    if (this.#facts === null) {
      const facts = new Map<DeviceUuid, DeviceFacts>();
      for (const [device, page] of this.#pages) facts.set(device, page.facts);
      this.#facts = facts;
    }
    return this.#facts;
  }

  #refresh(): void {
    const version = statement(this.#database, 'PRAGMA data_version').get()?.['data_version'];
    if (version !== this.#version) this.#readAll();
    else if (this.#touched.size > 0) this.#write(readSomeDevices(this.#database, [...this.#touched]));
    this.#touched.clear();
    this.#version = version;
  }

  #readAll(): void {
    this.#pages.clear();
    let batch: DeviceRow[] = [];
    for (const row of readDevices(this.#database)) {
      if (batch.push(row) < BATCH) continue;
      this.#write(batch);
      batch = [];
    }
    this.#write(batch);
  }

  #write(rows: readonly DeviceRow[]): void {
    const seqs = [...new Set(rows.flatMap((row) => this.#unknownTo(row)))];
    const names = new Map(rows.map((row) => [row.uuid, row]));
    const ended = new Map<number, RunRecord>();
    for (const [seq, run] of readSummaries(this.#database, seqs)) {
      ended.set(seq, this.#shared(run, names.get(run.device)));
    }
    for (const row of rows) {
      const before = this.#pages.get(row.uuid) ?? null;
      this.#pages.set(row.uuid, this.#pageOf(row, before, ended));
    }
    this.#facts = null;
  }

  /** The runs that the row points to and its page does not have. */
  #unknownTo(row: DeviceRow): readonly number[] {
    const before = this.#pages.get(row.uuid);
    const { last_run, last_success, last_full } = row;
    return [
      ...(last_run === before?.lastRun ? [] : [last_run]),
      ...(last_success === before?.lastSuccess ? [] : [last_success]),
      ...(last_full === before?.lastFull ? [] : [last_full]),
    ].filter((seq) => seq !== null);
  }

  #pageOf(row: DeviceRow, before: Page | null, ended: EndedRuns): Page {
    return {
      facts: factsOf({ ...row, schedule_key: this.#scheduleKeys.of(row.schedule_key) }, before, ended),
      name: row.name,
      isEnabled: row.enabled === 1,
      policyKey: row.policy_key,
      lastRun: row.last_run,
      lastSuccess: row.last_success,
      lastFull: row.last_full,
    };
  }

  /** The run with all that is equal to what others have held once. */
  #shared(run: RunRecord, row: DeviceRow | undefined): RunRecord {
    const stored = storedBy(run);
    const { outcome } = run;
    return {
      ...run,
      device: row?.uuid ?? run.device,
      deviceName: row?.name === run.deviceName ? row.name : run.deviceName,
      owner: this.#owners.of(run.owner),
      outcome: stored === null || outcome?.kind !== 'succeeded' ? outcome : this.#sharedOutcome(outcome, stored),
    };
  }

  #sharedOutcome(
    outcome: Extract<RunRecord['outcome'], { readonly kind: 'succeeded' }>,
    stored: Stored,
  ): typeof outcome {
    const volumes = this.#volumes.of(stored.volumes);
    const emptyVolumes = this.#volumes.of(stored.emptyVolumes);
    return { ...outcome, tail: NO_LINES, effect: { ...stored, volumes, emptyVolumes } };
  }

  #follow(active: ReadonlyMap<DeviceUuid, RunRecord>): void {
    for (const device of new Set([...this.#active.keys(), ...active.keys()])) {
      const page = this.#pages.get(device);
      if (page === undefined) continue;
      this.#pages.set(device, { ...page, facts: { ...page.facts, active: active.get(device) ?? null } });
      this.#facts = null;
    }
    this.#active = active;
  }
}

function factsOf(row: DeviceRow, before: Page | null, ended: EndedRuns): DeviceFacts {
  return {
    device: row.uuid,
    enabledSince: row.enabled_since,
    scheduleSince: row.schedule_since,
    scheduleKey: row.schedule_key,
    handledSlot: row.handled_slot,
    handledRequest: row.handled_request,
    active: before === null ? null : before.facts.active,
    ...runsOf(row, before, ended),
    ...fullOf(row, before, ended),
    failures: row.failures,
    retryAt: row.retry_at,
    attempts: row.attempts === '[]' ? NO_ATTEMPTS : new Map(attemptsOf(row.attempts)),
  };
}

/** A run that the page had already is not read again. */
function runsOf(row: DeviceRow, before: Page | null, ended: EndedRuns): Pick<DeviceFacts, 'last' | 'lastSuccess'> {
  const read = (seq: number | null): RunRecord | null => (seq === null ? null : (ended.get(seq) ?? null));
  const isSameRun = row.last_run === before?.lastRun;
  const isSameSuccess = row.last_success === before?.lastSuccess;
  return {
    last: isSameRun ? before.facts.last : read(row.last_run),
    lastSuccess: isSameSuccess ? before.facts.lastSuccess : read(row.last_success),
  };
}

function fullOf(
  { last_full }: DeviceRow,
  before: Page | null,
  ended: EndedRuns,
): Pick<DeviceFacts, 'lastFullAt' | 'lastFullPlace'> {
  if (last_full === before?.lastFull) {
    return { lastFullAt: before.facts.lastFullAt, lastFullPlace: before.facts.lastFullPlace };
  }
  const full = last_full === null ? undefined : ended.get(last_full);
  return { lastFullAt: storedBy(full ?? null)?.snapshotAt ?? null, lastFullPlace: full?.place ?? null };
}
