import { type Either, left, right } from 'fp-ts/Either';
import type { VolumeSelection } from './policy';
import { quoted } from './quote';
import { type RestoreItem, type RestoreOrder, itemText } from './restoreorder';
import { parseSetTime, setTimeOf } from './sets';
import { bytesText, instantText } from './shown';
import type { Survey } from './survey';
import type { Instant } from './brand';

/** What a person wants back. */
export interface RestoreWish {
  /** Not later than this; null: the latest. */
  readonly at: Instant | null;
  readonly volumes: VolumeSelection;
  /** One path in one volume instead of whole volumes. */
  readonly path: { readonly volume: string; readonly below: string | null } | null;
  readonly isInPlace: boolean;
}

const LISTED = 12;
/** What a device keeps for its own work: this share of its disk, or this much. */
const ROOM_SHARE = 0.02;
const LEAST_ROOM_BYTES = 50 * 1024 * 1024;

/** The order that fulfils the wish, or one or two sentences on why there is none: what there is, and what to do. */
export function planRestore(
  wish: RestoreWish,
  survey: Survey,
): Either<string, Extract<RestoreOrder, { items: unknown }>> {
  const { snapshotAt } = survey;
  if (snapshotAt === null) return left(noSnapshot(wish, survey));
  const items = itemsOf(wish, survey);
  if (typeof items === 'string') return left(items);
  const room = roomFor(wish, items, survey);
  const problem = problemWith(wish, items, survey) ?? room.problem;
  if (problem !== null) return left(problem);
  const kind = wish.isInPlace ? 'in-place' : 'restore';
  return right({ kind, snapshotAt, items, dropsUndo: room.dropsUndo, roomBytes: roomBytesOf(survey) });
}

/** The items' share of the snapshot, about; null where it could not be told. */
export function sizeOf(items: readonly RestoreItem[], { contents }: Survey): { entries: number; bytes: number | null } {
  const parts = items.map(({ member }) => contents.find(({ name }) => name === member));
  const bytes = parts.map((part) => part?.bytes ?? null);
  return {
    entries: parts.reduce((sum, part) => sum + (part?.entries ?? 0), 0),
    bytes: bytes.includes(null) ? null : bytes.reduce<number>((sum, each) => sum + (each ?? 0), 0),
  };
}

function noSnapshot({ at }: RestoreWish, { sets }: Survey): string {
  if (sets.length === 0) {
    return 'There is no whole backup at the target. See that backupUrl, the passphrase and the device are the right ones; one that was cut off does not count';
  }
  const earliest = sets.slice(0, LISTED).map(timeText);
  const more =
    sets.length > LISTED ? ` and ${String(sets.length - LISTED)} later ones up to ${timeText(sets.at(-1) ?? '')}` : '';
  const asked = at === null ? '' : ` at or before ${instantText(at)}`;
  return `There is no backup${asked}. There are: ${earliest.join(', ')}${more}. Write one of these with --at`;
}

/** A set's time for people. */
export function timeText(set: string): string {
  const at = parseSetTime(set);
  return at === null ? set : instantText(at);
}

function itemsOf(wish: RestoreWish, survey: Survey): readonly RestoreItem[] | string {
  const tops = survey.contents.filter(({ name }) => !name.includes('/'));
  const there = new Map(tops.map(({ name }) => [volumeOf(name), name]));
  if (wish.path !== null) return pathItem(wish.path, there, survey);
  const names = wish.volumes.kind === 'all' ? [...there.keys()] : wish.volumes.names;
  const missing = names.filter((name) => !there.has(name));
  const when = timeText(survey.snapshotAt ?? '');
  if (missing.length > 0) {
    return `The backup of ${when} has no volume ${missing.join(', ')}; it has ${[...there.keys()].join(', ') || 'none'}. Name some of these with --volumes, or an earlier time with --at`;
  }
  if (names.length === 0) return `The backup of ${when} has no volume. Name another time with --at`;
  return names.map((name) => ({ volume: name, path: null, member: there.get(name) ?? name }));
}

/** Backups of others' making may have the engine's whole name of a volume, `<fleet id>_<name>`. */
function volumeOf(top: string): string {
  return top.replace(/^\d+_/, '');
}

function pathItem(
  { volume, below }: NonNullable<RestoreWish['path']>,
  there: ReadonlyMap<string, string>,
  { contents, snapshotAt }: Survey,
): readonly RestoreItem[] | string {
  const top = there.get(volume);
  const member = below === null ? top : top === undefined ? undefined : `${top}/${below}`;
  if (member === undefined || !contents.some(({ name }) => name === member)) {
    const shown = quoted(itemText({ volume, path: below }));
    return `The backup of ${timeText(snapshotAt ?? '')} has no ${shown}. See what is in it with "list", or name an earlier time with --at`;
  }
  return [{ volume, path: below, member }];
}

function problemWith(wish: RestoreWish, items: readonly RestoreItem[], survey: Survey): string | null {
  const volumes = new Set(items.map(({ volume }) => volume));
  const locked = survey.services.filter((each) => each.locked && each.volumes.some((name) => volumes.has(name)));
  if (locked.length > 0) return lockedText(locked.map(({ name }) => name));
  const special = survey.special.filter((name) => volumes.has(name));
  if (special.length > 0) {
    return `The volume ${special.join(', ')} has a driver or options of its own: its content is not in its folder on the device, so it cannot be restored from here. Leave it out with --volumes`;
  }
  const elsewhere = survey.otherDisk.filter((name) => volumes.has(name));
  if (elsewhere.length > 0 && !wish.isInPlace) {
    return `The volume ${elsewhere.join(', ')} lies on another disk than the engine's, so its content cannot be exchanged at once. --in-place writes over what is there, with the services stopped throughout`;
  }
  if (wish.isInPlace && wish.path !== null) {
    return 'A single path is restored beside and then exchanged, never in place. Leave --in-place out';
  }
  return null;
}

/** Why nothing is stopped while a service holds its update lock. */
export function lockedText(services: readonly string[]): string {
  return `The service ${services.join(', ')} holds its update lock, which asks not to stop it now. Try again when it has let go of it; one that was left behind is /tmp/balena-supervisor/services/<fleet>/<service>/updates.lock on the device's host`;
}

function roomBytesOf({ diskBytes }: Survey): number {
  return Math.max(LEAST_ROOM_BYTES, Math.ceil(diskBytes * ROOM_SHARE));
}

function roomFor(
  wish: RestoreWish,
  items: readonly RestoreItem[],
  survey: Survey,
): { readonly problem: string | null; readonly dropsUndo: boolean } {
  const { bytes } = sizeOf(items, survey);
  const needed = (wish.isInPlace ? 0 : (bytes ?? 0)) + roomBytesOf(survey);
  if (needed <= survey.freeBytes) return { problem: null, dropsUndo: false };
  if (needed <= survey.freeBytes + (survey.undo?.bytes ?? 0)) return { problem: null, dropsUndo: true };
  const beside = `the restore needs about ${bytesText(bytes ?? 0)} beside what is there, and ${bytesText(roomBytesOf(survey))} are kept for the device`;
  const hint = wish.isInPlace
    ? 'Free some space on the device'
    : 'Free some space on the device, restore volumes one by one with --volumes, or use --in-place: it writes over what is there, with the services stopped throughout; cut off, it leaves a mixture, and there is no undo';
  return {
    problem: `There is not enough room on the device: ${bytesText(survey.freeBytes)} are free; ${beside}. ${hint}`,
    dropsUndo: false,
  };
}

/** The time that a survey is asked for, in Duplicity's form. */
export function askedTime({ at }: Pick<RestoreWish, 'at'>): string | null {
  return at === null ? null : setTimeOf(at);
}
