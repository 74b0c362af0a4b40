import { assertNever } from './assertnever';
import type { Effect, RunStatistics } from './run';
import { bytesText, count, durationText } from './shown';

const NOUNS = { full: 'a full snapshot', incremental: 'an incremental snapshot' } as const;

/** What a run has brought about, as a sentence without its full stop. */
export function effectText(effect: Effect, durationMs: number): string {
  const took = durationText(durationMs);
  switch (effect.kind) {
    case 'stored':
      return `Stored ${NOUNS[effect.mode]} in ${took}: ${statisticsText(effect.statistics)}`;
    case 'executed':
      return `Executed ${effect.command} in ${took}`;
    default:
      return assertNever(effect);
  }
}

function statisticsText(statistics: RunStatistics): string {
  const { sourceFiles, sourceBytes, newFiles, changedFiles, deletedFiles, storedBytes } = statistics;
  const changes = `${String(newFiles)} new, ${String(changedFiles)} changed, ${String(deletedFiles)} deleted`;
  return `${count(sourceFiles, 'file')} of ${bytesText(sourceBytes)} (${changes}), ${bytesText(storedBytes)} stored`;
}
