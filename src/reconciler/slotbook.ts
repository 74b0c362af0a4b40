import type { Instant } from '../model/brand';
import type { Schedule } from '../model/policy';
import { latestSlot, nextSlot } from '../model/schedule';

/** The slots that passed without a run: the latest is made up for, the earliest says how long the device waits. */
export interface Missed {
  readonly slot: Instant;
  readonly earliest: Instant;
  readonly missed: number;
}

/** Slots of schedules, remembered: a croner call costs 0.1 ms, and most devices of a fleet ask the same question. */
export interface SlotBook {
  /** The first slot strictly after, or null where there is none in reach. */
  next(schedule: Schedule, after: Instant): Instant | null;
  /** The slots in (after, now], or null where there is none. */
  latest(schedule: Schedule, after: Instant, now: Instant): Missed | null;
}

interface SlotSource {
  readonly nextSlot: typeof nextSlot;
  readonly latestSlot: typeof latestSlot;
}

/** `next` is the answer for every instant in [from, next). */
interface Window {
  from: Instant;
  readonly next: Instant | null;
}

interface Page {
  readonly windows: Window[];
  readonly missed: Map<Instant, Missed>;
}

const WINDOWS_A_PAGE = 32;
const PAGES = 200_000;
const WALKED_SLOTS = 24;

/** A book that only remembers what the schedule itself says: with or without it the answers are the same. */
export function slotBook(source: SlotSource = { nextSlot, latestSlot }): SlotBook {
  const pages: Pages = { bySchedule: new WeakMap(), byKey: new Map() };

  function next(schedule: Schedule, after: Instant): Instant | null {
    const page = pageOf(pages, schedule);
    const known = page.windows.find((window) => holds(window, after));
    if (known !== undefined) return known.next;
    const found = source.nextSlot(schedule, after);
    remember(page.windows, { from: after, next: found });
    return found;
  }

  function latest(schedule: Schedule, after: Instant, now: Instant): Missed | null {
    const earliest = next(schedule, after);
    if (earliest === null || earliest > now) return null;
    const near = walked(schedule, earliest, now);
    if (near !== null) return near;
    const page = pageOf(pages, schedule);
    const known = page.missed.get(earliest);
    if (known !== undefined && isStillLatest(known, next(schedule, known.slot), now)) return known;
    const found = source.latestSlot(schedule, after, now);
    if (page.missed.size >= WINDOWS_A_PAGE) page.missed.clear();
    if (found !== null) page.missed.set(earliest, found);
    return found;
  }

  /** Going forward over slots that are remembered costs less than to search backward. Null when there are many. */
  function walked(schedule: Schedule, earliest: Instant, now: Instant): Missed | null {
    let slot = earliest;
    for (let missed = 1; missed <= WALKED_SLOTS; missed += 1) {
      const following = next(schedule, slot);
      if (following === null || following > now) return { slot, earliest, missed };
      slot = following;
    }
    return null;
  }

  return { next, latest };
}

/** Equal schedules of different devices share a page. */
interface Pages {
  readonly bySchedule: WeakMap<Schedule, Page>;
  readonly byKey: Map<string, Page>;
}

function pageOf({ bySchedule, byKey }: Pages, schedule: Schedule): Page {
  const known = bySchedule.get(schedule);
  if (known !== undefined) return known;
  const key = `${schedule.pattern} ${schedule.timezone}`;
  const page = byKey.get(key) ?? { windows: [], missed: new Map() };
  if (byKey.size >= PAGES) byKey.clear();
  byKey.set(key, page);
  bySchedule.set(schedule, page);
  return page;
}

function holds(window: Window, at: Instant): boolean {
  return window.from <= at && (window.next === null || at < window.next);
}

function isStillLatest(known: Missed, following: Instant | null, now: Instant): boolean {
  return known.slot <= now && (following === null || now < following);
}

function remember(windows: Window[], found: Window): void {
  const same = windows.find((window) => window.next === found.next);
  if (same !== undefined) {
    same.from = found.from < same.from ? found.from : same.from;
    return;
  }
  if (windows.length >= WINDOWS_A_PAGE) windows.shift();
  windows.push(found);
}
