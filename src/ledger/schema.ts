import type { DatabaseSync } from 'node:sqlite';
import { unreadable } from './ledgererror';

/**
 * Each entry brings the ledger from the version that is its index to the next. Entries are never edited once released.
 *
 * `device` has a row for each device that was seen enabled (`seen` = 1) or run by hand. `last_run`, `last_success` and
 * `last_full` point into `run`, so that the facts of a fleet need no search through its history. A run is active while
 * `ended_at` is null; `run_active` is what keeps a device from having two, whoever starts them.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE device (
    uuid TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    seen INTEGER NOT NULL DEFAULT 0,
    enabled INTEGER NOT NULL DEFAULT 0,
    enabled_since INTEGER NOT NULL DEFAULT 0,
    schedule_since INTEGER NOT NULL DEFAULT 0,
    schedule_key TEXT NOT NULL DEFAULT '',
    policy_key TEXT NOT NULL DEFAULT '',
    handled_slot INTEGER,
    handled_request TEXT,
    failures INTEGER NOT NULL DEFAULT 0,
    retry_at INTEGER,
    last_run INTEGER,
    last_success INTEGER,
    last_full INTEGER,
    attempts TEXT NOT NULL DEFAULT '[]'
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE run (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT NOT NULL,
    action_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    device TEXT NOT NULL,
    device_name TEXT NOT NULL,
    slot TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    nonce TEXT NOT NULL,
    place TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    owner_process TEXT NOT NULL,
    owner_started_at INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    phase TEXT NOT NULL,
    outcome TEXT,
    stored_mode TEXT,
    CHECK ((ended_at IS NULL) = (outcome IS NULL))
  ) STRICT;
  CREATE UNIQUE INDEX run_active ON run (device) WHERE ended_at IS NULL;
  CREATE INDEX run_active_id ON run (run_id) WHERE ended_at IS NULL;
  CREATE INDEX run_device ON run (device, seq);
  `,
  // The phases that a run has come through, oldest first, each with its begin.
  "ALTER TABLE run ADD COLUMN phases TEXT NOT NULL DEFAULT '[]'",
  // Whether the run's container may be on its device: of a run that has ended it is to be removed there.
  `
  ALTER TABLE run ADD COLUMN remains INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX run_remains ON run (run_id) WHERE remains = 1;
  `,
];

/** The version that this program reads and writes. */
export const VERSION = MIGRATIONS.length;

/** The version of an open ledger: 0 for an empty file. A newer one, or one that is not ours, is refused. */
export function versionOf(database: DatabaseSync, path: string): number {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
  if (version > VERSION) {
    throw unreadable(
      path,
      `was written by a newer version of this program (its version ${String(version)}, ours ${String(VERSION)}): run that version again`,
    );
  }
  const { tables } = database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get() ?? {};
  if (version === 0 && tables !== 0) throw unreadable(path, 'belongs to another program');
  return version;
}

/** Brings the ledger to our version. Call it inside a transaction: a crash leaves the old version whole. */
export function migrate(database: DatabaseSync, path: string): void {
  const version = versionOf(database, path);
  for (const step of MIGRATIONS.slice(version)) database.exec(step);
  if (version < VERSION) database.exec(`PRAGMA user_version = ${String(VERSION)}`);
}
