import type { Instant } from '../model/brand';
import type { EventSink, RunRef } from '../model/event';
import type { RunEnding } from '../model/ports';

/** The run that has ended. */
export interface EndedRun {
  readonly run: RunRef;
  readonly startedAt: Instant;
  /** Failures in a row before it. */
  readonly failures: number;
}

/** Says what came of a run, and when it is tried again. */
export function tellEnding(
  { run, startedAt, failures }: EndedRun,
  { outcome, endedAt, retryAt, counts }: RunEnding,
  emit: EventSink,
): void {
  const durationMs = Math.max(0, endedAt - startedAt);
  if (outcome.kind === 'succeeded') {
    emit({ event: 'run.succeeded', run, effect: outcome.effect, durationMs });
    return;
  }
  if (outcome.failure.kind === 'cancelled') {
    emit({ event: 'run.cancelled', run, by: outcome.failure.by });
    return;
  }
  emit({ event: 'run.failed', run, failure: outcome.failure, durationMs });
  if (retryAt !== null) {
    emit({ event: 'run.backoff.scheduled', run, failures: failures + (counts ? 1 : 0), until: retryAt });
  }
}

/** How a run ends whose executor threw. */
export function defectOf(error: unknown): RunEnding['outcome'] {
  const detail = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error ? (error.stack ?? null) : null;
  return { kind: 'failed', failure: { kind: 'defect', detail, stack }, tail: [] };
}
