import type { Tags } from './device';
import { nearest } from './suggest';

/** Every tag that is read. */
export const TAGS: readonly string[] = [
  'backupEnabled',
  'backupUrl',
  'backupVolumes',
  'backupSchedule',
  'backupTimezone',
  'backupFullEvery',
  'backupKeepFull',
  'backupBandwidth',
  'backupRequest',
  'backupAddress',
];

/** A tag that is not read, and the one that its writer probably meant. */
export interface TagMistake {
  readonly tag: string;
  readonly meant: string;
  /** Spelt with the same letters, such as `BackupUrl` or `BACKUP_URL`: nothing else can be meant. */
  readonly isCertain: boolean;
}

/** The tags of one device or fleet that look like ours and are not. What is merely near one that is there too is left alone. */
export function tagMistakes(tags: Tags): readonly TagMistake[] {
  return [...tags.keys()].flatMap((tag) => mistakeOf(tag, tags));
}

function mistakeOf(tag: string, tags: Tags): readonly TagMistake[] {
  if (TAGS.includes(tag)) return [];
  const spelt = TAGS.find((each) => plain(each) === plain(tag));
  if (spelt !== undefined) return [{ tag, meant: spelt, isCertain: true }];
  const near = nearest(plain(tag), TAGS);
  return near === null || tags.has(near) ? [] : [{ tag, meant: near, isCertain: false }];
}

function plain(tag: string): string {
  return tag.replace(/[-_.:]/g, '').toLowerCase();
}
