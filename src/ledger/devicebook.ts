import type { DatabaseSync } from 'node:sqlite';
import type { DeviceUuid } from '../model/brand';
import { folded } from '../model/folded';
import { TextPool } from '../model/pool';
import type { DeviceFacts, EndedRun, RunRecord } from '../model/run';
import { readActive, readDevices, readEndings, readSomeDevices } from './reading';
import { attemptsOf, type DeviceRow } from './rows';
import { statement } from './statement';

/** What is kept of a row of `device`. */
export interface Page extends DeviceFacts {
  readonly name: string;
  readonly isEnabled: boolean;
  readonly policyKey: string;
}

/** Rows and what is made of them are in memory together for so many devices only. */
const BATCH = 1000;

const NO_ATTEMPTS: DeviceFacts['attempts'] = new Map();

/**
 * What the ledger knows of every device that was seen enabled, kept in memory: a pass over a fleet in which little has
 * changed reads little. What this process writes it says by `touch`; that another one has written shows in SQLite's own
 * counter, and then all is read again. To be asked inside a transaction.
 */
export class DeviceBook {
  readonly #database: DatabaseSync;
  readonly #pages = new Map<DeviceUuid, Page>();
  readonly #scheduleKeys = new TextPool();
  readonly #policyKeys = new TextPool();
  readonly #places = new TextPool();
  readonly #touched = new Set<DeviceUuid>();
  #active: ReadonlyMap<DeviceUuid, RunRecord> = new Map();
  #version: unknown = null;

  public constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** The device's row, or a run of it, is about to change. */
  public touch(device: DeviceUuid): void {
    this.#touched.add(device);
  }

  /** As the last call of `facts` found them, but for what has been written. Devices that were never seen enabled are not in it. */
  public pages(): ReadonlyMap<DeviceUuid, Page> {
    this.#refresh();
    return this.#pages;
  }

  /** The pages themselves: the next call may change the map, and never what is in it. */
  public facts(): ReadonlyMap<DeviceUuid, DeviceFacts> {
    this.#refresh();
    this.#follow(new Map(readActive(this.#database).map((run) => [run.device, run])));
    return this.#pages;
  }

  #refresh(): void {
    const version = statement(this.#database, 'PRAGMA data_version').get()?.['data_version'];
    if (version !== this.#version) this.#readAll();
    else this.#readTouched();
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

  #readTouched(): void {
    const touched = [...this.#touched];
    for (let begin = 0; begin < touched.length; begin += BATCH) {
      this.#write(readSomeDevices(this.#database, touched.slice(begin, begin + BATCH)));
    }
  }

  #write(rows: readonly DeviceRow[]): void {
    const news = new Set(rows.flatMap((row) => this.#news(row)));
    const ended = new Map<number, EndedRun>();
    for (const { device, ...run } of readEndings(this.#database, [...news])) {
      ended.set(run.seq, { ...run, place: this.#places.of(folded(run.place, device)) });
    }
    for (const row of rows) this.#pages.set(row.uuid, this.#pageOf(row, ended));
  }

  /** The runs that the row points to and its page does not have. */
  #news({ uuid, last_run, last_success, last_full }: DeviceRow): readonly number[] {
    const known = knownRuns(this.#pages.get(uuid));
    const runs = [last_run, last_success, last_full].filter((seq) => seq !== null);
    return runs.filter((seq) => !known.some((run) => run?.seq === seq));
  }

  #pageOf(row: DeviceRow, ended: ReadonlyMap<number, EndedRun>): Page {
    const before = this.#pages.get(row.uuid);
    const runs = knownRuns(before);
    const run = (seq: number | null): EndedRun | null =>
      seq === null ? null : (ended.get(seq) ?? runs.find((each) => each?.seq === seq) ?? null);
    return {
      device: row.uuid,
      enabledSince: row.enabled_since,
      scheduleSince: row.schedule_since,
      scheduleKey: this.#scheduleKeys.of(row.schedule_key),
      handledSlot: row.handled_slot,
      handledRequest: row.handled_request,
      active: before?.active ?? null,
      last: run(row.last_run),
      lastSuccess: run(row.last_success),
      lastFull: run(row.last_full),
      failures: row.failures,
      retryAt: row.retry_at,
      attempts: row.attempts === '[]' ? NO_ATTEMPTS : new Map(attemptsOf(row.attempts)),
      name: row.name,
      isEnabled: row.enabled === 1,
      policyKey: this.#policyKeys.of(row.policy_key),
    };
  }

  #follow(active: ReadonlyMap<DeviceUuid, RunRecord>): void {
    for (const device of new Set([...this.#active.keys(), ...active.keys()])) {
      const page = this.#pages.get(device);
      if (page !== undefined) this.#pages.set(device, { ...page, active: active.get(device) ?? null });
    }
    this.#active = active;
  }
}

function knownRuns(page: Page | undefined): readonly (EndedRun | null)[] {
  return page === undefined ? [] : [page.last, page.lastSuccess, page.lastFull];
}
