import { Cron } from 'croner';
import { left, right, type Either } from 'fp-ts/Either';
import { instantOf, type Instant } from './brand';
import { FIELDS, parseField } from './cronfield';
import type { Schedule } from './policy';
import { quoted } from './quote';
import { didYouMean } from './suggest';

/** Beyond this the exact number of missed slots says nothing more, and counting takes time. */
export const MISSED_LIMIT = 100;

const NICKNAMES: ReadonlyMap<string, string> = new Map([
  ['@hourly', '0 * * * *'],
  ['@daily', '0 0 * * *'],
  ['@weekly', '0 0 * * 0'],
  ['@monthly', '0 0 1 * *'],
]);
const LONGEST_TEXT = 256;
// Any start within the calendar's cycle serves: our grammar's rarest date, 29 February, comes every four years in it.
const SEARCH_START = new Date('2024-01-01T00:00:00Z');

/**
 * Reads a schedule for one device: five fields, six with seconds first, or a nickname; `H` becomes the device's own
 * value. The zone must have been checked. Gives a sentence when the grammar is not ours or it would not run in 8 years.
 *
 * Daylight saving: where hours or minutes are given, a time that the clock skips runs at the next time that exists, and
 * a time that occurs twice runs once. Where both are `*`-wide (every hour), each real hour has its run.
 */
export function parseSchedule(text: string, timezone: string, uuid: string): Either<string, Schedule> {
  const fields = fieldsOf(text);
  if (fields._tag === 'Left') return fields;
  const parts: string[] = [];
  for (const rule of FIELDS) {
    const part = parseField(rule, fields.right[rule.index] ?? '', uuid);
    if (part._tag === 'Left') return part;
    parts.push(part.right);
  }
  const schedule: Schedule = { text, pattern: parts.join(' '), timezone };
  if (jobOf(schedule).runs) return right(schedule);
  return left(`${quoted(text)} names a date that does not come within 8 years; write a day that the month has`);
}

function fieldsOf(text: string): Either<string, readonly string[]> {
  if (text.length > LONGEST_TEXT)
    return left(`the schedule is longer than ${String(LONGEST_TEXT)} characters; write a shorter one`);
  const trimmed = text.trim();
  if (trimmed.startsWith('@')) return nicknamed(trimmed);
  const fields = trimmed.split(/[ \t]+/);
  if (fields.length === 5) return right(['0', ...fields]);
  if (fields.length === 6) return right(fields);
  const count = trimmed === '' ? 0 : fields.length;
  return left(
    `${quoted(text)} has ${String(count)} fields; write 5 (minute, hour, day of month, month, weekday), or 6 with seconds first`,
  );
}

function nicknamed(text: string): Either<string, readonly string[]> {
  const fields = NICKNAMES.get(text);
  if (fields !== undefined) return right(['0', ...fields.split(' ')]);
  const names = [...NICKNAMES.keys()];
  return left(
    `${quoted(text)} is not supported${didYouMean(text, names) || `; write ${names.join(', ')} or 5 fields`}`,
  );
}

/** The first slot strictly after `after`, or null when there is none. */
export function nextSlot(schedule: Schedule, after: Instant): Instant | null {
  const job = jobOf(schedule);
  return isWithin(job.gap, after) ? job.gap.next : job.next(after);
}

/** The latest slot of (after, now], with what it makes up for. */
export interface Overdue {
  readonly slot: Instant;
  /** The first slot of (after, now]. */
  readonly earliest: Instant;
  /** How many slots (after, now] has, counted up to `MISSED_LIMIT`; 1 when none was missed. */
  readonly missed: number;
}

/** The latest slot in (after, now], or null. Earlier ones are dropped on purpose: one run catches up. */
export function latestSlot(schedule: Schedule, after: Instant, now: Instant): Overdue | null {
  const job = jobOf(schedule);
  const slot = gapAround(job, now).slot;
  if (slot === null || slot <= after) return null;
  if (job.overdue?.after !== after || job.overdue.answer.slot !== slot) {
    job.overdue = {
      after,
      answer: { slot, earliest: job.next(after) ?? slot, missed: countBetween(job, after, slot) },
    };
  }
  return job.overdue.answer;
}

/** From one slot to the next: between them every question has the same answer. */
interface Gap {
  readonly slot: Instant | null;
  readonly next: Instant | null;
}

function gapAround(job: Job, at: Instant): Gap {
  if (!isWithin(job.gap, at)) job.gap = { slot: job.latest(at), next: job.next(at) };
  return job.gap;
}

function isWithin(gap: Gap, at: Instant): boolean {
  return gap.slot !== null && gap.next !== null && gap.slot <= at && at < gap.next;
}

function countBetween(job: Job, after: Instant, slot: Instant): number {
  for (const limit of [10, MISSED_LIMIT]) {
    const missed = job.before(slot, limit).filter((at) => at > after).length;
    if (missed < limit) return missed + 1;
  }
  return MISSED_LIMIT;
}

/** croner's pattern without its timers, and the last answers: nearly all devices ask the same again a pass later. */
class Job {
  /** Whether a date of it ever comes. */
  public readonly runs: boolean;
  public gap: Gap = { slot: null, next: null };
  public overdue: { readonly after: Instant; readonly answer: Overdue } | null = null;
  readonly #cron: Cron;

  public constructor(schedule: Schedule) {
    // "no-wildcard": lists of hours, too, keep every run when the clock is put forward.
    this.#cron = new Cron(schedule.pattern, {
      timezone: schedule.timezone,
      mode: '6-part',
      fixedTimeRule: 'no-wildcard',
    });
    this.runs = this.#cron.nextRun(SEARCH_START) !== null;
  }

  /** Strictly after. */
  public next(after: Instant): Instant | null {
    const next = this.#cron.nextRun(new Date(after));
    return next === null ? null : instantOf(next.getTime());
  }

  /** At or before. croner's own answer is strictly before, in whole seconds. */
  public latest(at: Instant): Instant | null {
    return this.before(instantOf((Math.floor(at / 1000) + 1) * 1000), 1)[0] ?? null;
  }

  /** Up to `limit` slots strictly before, latest first. */
  public before(at: Instant, limit: number): readonly Instant[] {
    return this.#cron.previousRuns(limit, new Date(at)).map((date) => instantOf(date.getTime()));
  }
}

const jobs = new Map<string, Job>();
const JOBS_LIMIT = 5000;

function jobOf(schedule: Schedule): Job {
  const key = `${schedule.pattern} ${schedule.timezone}`;
  const kept = jobs.get(key);
  if (kept !== undefined) return kept;
  const job = new Job(schedule);
  const oldest = jobs.keys().next();
  if (jobs.size >= JOBS_LIMIT && oldest.done === false) jobs.delete(oldest.value);
  jobs.set(key, job);
  return job;
}
