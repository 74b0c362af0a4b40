import { type Instant, instantOf } from './brand';
import type { SnapshotMode } from './run';

/** A snapshot as Duplicity's own `collection-status` tells it. */
export interface ToldSet {
  readonly mode: SnapshotMode;
  readonly at: Instant;
  readonly volumes: number;
}

/** An entry of `list-current-files`. */
export interface ListedFile {
  readonly at: Instant;
  readonly path: string;
}

const SET = /^\s*(Full|Incremental)\s+(\w{3} \w{3}\s+\d+ \d\d:\d\d:\d\d \d{4})\s+(\d+)\s*$/;
const FILE = /^(\w{3} \w{3}\s+\d+ \d\d:\d\d:\d\d \d{4}) (.+)$/;

/** Null for a line that is about something else. */
export function parseToldSet(line: string): ToldSet | null {
  const [, kind, time = '', volumes] = SET.exec(line) ?? [];
  const at = parseTime(time);
  if (kind === undefined || at === null) return null;
  return { mode: kind === 'Full' ? 'full' : 'incremental', at, volumes: Number(volumes) };
}

/** Null for a line that is about something else. `.` is the root of the snapshot. */
export function parseListedFile(line: string): ListedFile | null {
  const [, time = '', path] = FILE.exec(line) ?? [];
  const at = parseTime(time);
  return path === undefined || at === null ? null : { at, path };
}

/** The run's clock is in UTC, whatever the device's is. */
function parseTime(text: string): Instant | null {
  const ms = Date.parse(`${text.replace(/\s+/g, ' ')} UTC`);
  return Number.isNaN(ms) ? null : instantOf(ms);
}
