import type { DatabaseSync } from 'node:sqlite';
import type { DeviceUuid, Instant } from '../model/brand';
import type { Sighting } from '../model/ports';
import type { DeviceFacts } from '../model/run';
import type { DeviceBook, Page } from './devicebook';
import { statement } from './statement';

/** Longer than any backoff, and than clocks are corrected by in normal life. */
const CORRECTED_MS = 86_400_000;

/** The enabled devices of a pass, and those that would be but for a problem of their policy. */
export interface Seen {
  readonly sightings: Iterable<Sighting>;
  readonly rejected: ReadonlySet<DeviceUuid>;
  readonly now: Instant;
}

/** Records what a pass saw. Only what has changed is written, so a quiet fleet costs its storage nothing. */
export function recordSightings(database: DatabaseSync, book: DeviceBook, seen: Seen): void {
  const pages = book.pages();
  let unseen = enabledIn(pages.values());
  for (const sighting of seen.sightings) {
    const page = pages.get(sighting.device);
    if (page?.isEnabled === true) unseen -= 1;
    if (page !== undefined && isUnchanged(page, sighting) && !isAhead(page, seen.now)) continue;
    book.touch(sighting.device);
    if (page === undefined) insert(database, sighting, seen.now);
    else update(database, page, sighting, seen.now);
  }
  unseen -= enabledIn([...seen.rejected].map((device) => pages.get(device)));
  // As nearly always; to find those that are gone takes a set as large as the fleet.
  if (unseen === 0) return;
  for (const device of goneFrom(pages.values(), seen)) {
    book.touch(device);
    statement(database, 'UPDATE device SET enabled = 0 WHERE uuid = ?').run(device);
  }
}

function enabledIn(pages: Iterable<Page | undefined>): number {
  let enabled = 0;
  for (const page of pages) if (page?.isEnabled === true) enabled += 1;
  return enabled;
}

/** Those that were enabled at the last pass and are not seen any more. */
function goneFrom(pages: Iterable<Page>, { sightings, rejected }: Seen): readonly DeviceUuid[] {
  const seen = new Set(rejected);
  for (const { device } of sightings) seen.add(device);
  return [...pages].filter(({ device, isEnabled }) => isEnabled && !seen.has(device)).map(({ device }) => device);
}

/** Nothing tells whether a token found at the first sight was handled before: a run nobody asked for is worse than none. */
function insert(database: DatabaseSync, sighting: Sighting, now: Instant): void {
  const { device, name, scheduleKey, policyKey, request } = sighting;
  statement(
    database,
    `INSERT INTO device
    (uuid, name, seen, enabled, enabled_since, schedule_since, schedule_key, policy_key, handled_request)
    VALUES (?1, ?2, 1, 1, ?3, ?3, ?4, ?5, ?6)
    ON CONFLICT (uuid) DO UPDATE SET name = ?2, seen = 1, enabled = 1, enabled_since = ?3, schedule_since = ?3,
      schedule_key = ?4, policy_key = ?5, handled_request = ?6`,
  ).run(device, name, now, scheduleKey, policyKey, request);
}

function update(database: DatabaseSync, page: Page, sighting: Sighting, now: Instant): void {
  const { device, name, scheduleKey, policyKey } = sighting;
  statement(
    database,
    `UPDATE device SET name = ?2, enabled = 1, schedule_key = ?3, policy_key = ?4,
    enabled_since = ?5, schedule_since = ?6, handled_slot = ?7, failures = ?8, retry_at = ?9 WHERE uuid = ?1`,
  ).run(device, name, scheduleKey, policyKey, ...timesOf(page, sighting, now));
}

function isUnchanged({ isEnabled, name, scheduleKey, policyKey }: Page, sighting: Sighting): boolean {
  return (
    isEnabled && name === sighting.name && scheduleKey === sighting.scheduleKey && policyKey === sighting.policyKey
  );
}

/**
 * True where an instant lies further ahead than a clock that was merely corrected explains: it was written by a clock
 * that was wrong, and the device would wait for that day without a snapshot.
 */
function isAhead({ enabledSince, scheduleSince, handledSlot, retryAt }: DeviceFacts, now: Instant): boolean {
  return (
    isTooFar(enabledSince, now) || isTooFar(scheduleSince, now) || isTooFar(handledSlot, now) || isTooFar(retryAt, now)
  );
}

function isTooFar(at: Instant | null, now: Instant): boolean {
  return at !== null && at > now + CORRECTED_MS;
}

/** `enabled_since`, `schedule_since`, `handled_slot`, `failures` and `retry_at` after this sighting. */
function timesOf(page: Page, sighting: Sighting, now: Instant): readonly (number | null)[] {
  const isSameStretch = page.isEnabled && !isTooFar(page.enabledSince, now);
  const isSameSchedule = page.scheduleKey === sighting.scheduleKey && !isTooFar(page.scheduleSince, now);
  const isSamePolicy = page.policyKey === sighting.policyKey;
  // With a wrong `handled_slot` gone, this pass is the baseline.
  const isWrongSlot = isTooFar(page.handledSlot, now);
  return [
    isSameStretch && !isWrongSlot ? page.enabledSince : now,
    isSameSchedule ? page.scheduleSince : now,
    isWrongSlot ? null : page.handledSlot,
    isSamePolicy ? page.failures : 0,
    isSamePolicy && !isTooFar(page.retryAt, now) ? page.retryAt : null,
  ];
}
