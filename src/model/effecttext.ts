import { assertNever } from './assertnever';
import { timeText } from './restoreplan';
import type { Effect, RunStatistics } from './run';
import { bytesText, count, durationText } from './shown';
import type { Restored } from './survey';

const NOUNS = { full: 'a full snapshot', incremental: 'an incremental snapshot' } as const;

/** What a run has brought about, as a sentence without its full stop. */
export function effectText(effect: Effect, durationMs: number): string {
  const took = durationText(durationMs);
  switch (effect.kind) {
    case 'stored':
      return `Stored ${NOUNS[effect.mode]} in ${took}${workText(effect.statistics)}: ${statisticsText(effect.statistics)}`;
    case 'executed':
      return `Executed ${effect.command} in ${took}`;
    case 'surveyed':
      return `Looked at what there is to restore in ${took}: ${count(effect.survey.sets.length, 'backup')}`;
    case 'restored':
      return restoredText(effect.restored, took);
    default:
      return assertNever(effect);
  }
}

const UNDO: Readonly<Record<Restored['undo'], string>> = {
  kept: 'what was there before is kept as an undo copy',
  'no-room': 'what was there before is gone: there was no room for an undo copy',
  none: 'there is no undo copy',
};

function restoredText({ kind, snapshotAt, items, entries, bytes, services, undo }: Restored, took: string): string {
  const amount = `${String(entries)} files and folders, ${bytesText(bytes)}`;
  const again = services.length === 0 ? '' : `; started again: ${services.join(', ')}`;
  if (kind === 'undo')
    return `Took the restore of ${timeText(snapshotAt)} back for ${items.join(', ')} in ${took}${again}`;
  return `Restored ${items.join(', ')} from the backup of ${timeText(snapshotAt)} in ${took} (${amount}${again}; ${UNDO[undo]})`;
}

/** The rest of the time went by on the way to the device, with its image, or with nobody there to hear of the end. */
function workText({ durationMs }: RunStatistics): string {
  return durationMs === null ? '' : `, ${durationText(durationMs)} of it at work`;
}

function statisticsText(statistics: RunStatistics): string {
  const { sourceFiles, sourceBytes, newFiles, changedFiles, deletedFiles, storedBytes } = statistics;
  const changes = `${String(newFiles)} new, ${String(changedFiles)} changed, ${String(deletedFiles)} deleted`;
  return `${count(sourceFiles, 'file')} of ${bytesText(sourceBytes)} (${changes}), ${bytesText(storedBytes)} stored`;
}
