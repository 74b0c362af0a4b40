import type { RestoreItem, RestoreOrder } from './restoreorder';
import { itemText } from './restoreorder';
import { sizeOf, timeText } from './restoreplan';
import { bytesText } from './shown';
import type { Survey } from './survey';

/** What a restore is about, for people. */
export interface RestoreScene {
  /** The device. */
  readonly device: string;
  /** The target, and whose backups they are. */
  readonly from: string;
  readonly survey: Survey;
}

const NOT_KEPT =
  'hard links become copies and sparse files whole ones; extended attributes, ACLs and sockets are not in a backup';

/** The plan as it is shown before anything is done: what, from when, how big, which services stop, what becomes of the old. */
export function planText(order: RestoreOrder, { device, from, survey }: RestoreScene): readonly string[] {
  if (order.kind === 'undo') return undoText(device, survey);
  const { items, snapshotAt } = order;
  const isLatest = snapshotAt === survey.sets.at(-1);
  return rows(`Restore of ${device}`, [
    ['from', `${from}, backup of ${timeText(snapshotAt)}${isLatest ? ' (the latest)' : ''}`],
    ...items.map((item) => ['what', partText(item, survey)] as const),
    ...leftAlone(items, survey),
    ['services', servicesText(items, survey, order.kind === 'in-place')],
    ['room', roomText(order, survey)],
    ['then', afterText(order)],
    ['not kept', NOT_KEPT],
  ]);
}

function undoText(device: string, survey: Survey): readonly string[] {
  const { undo } = survey;
  if (undo === null) return [];
  const items = undo.volumes.map((volume) => ({ volume, path: null, member: volume }));
  return rows(`Undo of the restore of ${device}`, [
    [
      'from',
      `the undo copy of ${timeText(undo.at)}: what was there before the backup of ${timeText(undo.snapshotAt)} was restored`,
    ],
    ['what', `${undo.items.join(', ')}: ${bytesText(undo.bytes)}`],
    ['services', servicesText(items, survey, false)],
    ['then', 'what is there now becomes the undo copy, so another --undo takes this one back'],
  ]);
}

function rows(head: string, parts: readonly (readonly [string, string])[]): readonly string[] {
  return [head, ...parts.map(([name, text]) => `  ${name.padEnd(8)}  ${text}`)];
}

function partText(item: RestoreItem, survey: Survey): string {
  const { entries, bytes } = sizeOf([item], survey);
  const size = bytes === null ? 'of a size that is not known' : `about ${bytesText(bytes)}`;
  const isNew = !survey.volumes.includes(item.volume);
  return `${itemText(item)}: ${String(entries)} files and folders, ${size}${isNew ? '; the volume is not on the device yet and is made' : ''}`;
}

function leftAlone(items: readonly RestoreItem[], { volumes }: Survey): readonly (readonly [string, string])[] {
  if (items.some(({ path }) => path !== null)) return [];
  const others = volumes.filter((name) => !items.some(({ volume }) => volume === name));
  return others.length === 0 ? [] : [['not', `${others.join(', ')}: left as it is`]];
}

function servicesText(items: readonly RestoreItem[], { services }: Survey, isInPlace: boolean): string {
  const volumes = new Set(items.map(({ volume }) => volume));
  const stopped = services.filter((each) => each.volumes.some((name) => volumes.has(name))).map(({ name }) => name);
  if (stopped.length === 0) return 'none runs that uses them';
  const when = isInPlace ? 'for the whole time' : 'only while contents are exchanged, one volume after the other';
  return `${stopped.join(', ')} stopped ${when}, then started again`;
}

function roomText(order: Extract<RestoreOrder, { items: unknown }>, survey: Survey): string {
  const { bytes } = sizeOf(order.items, survey);
  const needed = bytes === null ? 'an unknown amount' : `about ${bytesText(bytes)}`;
  const free = `${bytesText(survey.freeBytes)} of ${bytesText(survey.diskBytes)} are free`;
  const dropped = order.dropsUndo ? '; the undo copy of the last restore is dropped for it' : '';
  return order.kind === 'in-place' ? free : `${needed} beside what is there; ${free}${dropped}`;
}

function afterText({ kind, items }: Extract<RestoreOrder, { items: unknown }>): string {
  if (kind === 'in-place') {
    return 'files of the backup overwrite those that are there, others stay; cut off, the volumes hold a mixture, and there is no undo';
  }
  const place = items.some(({ path }) => path !== null) ? 'there' : 'in these volumes';
  return `whatever else is ${place} now is gone from there; it is kept as an undo copy where there is room`;
}
