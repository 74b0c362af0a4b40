import type { Instant } from '../model/brand';
import type { EventSink, RunRef } from '../model/event';
import type { RunEnding } from '../model/ports';
import type { RunRecord } from '../model/run';
import { slotText } from '../model/slot';

/** The run that has ended. */
export interface EndedRun {
  readonly run: RunRef;
  readonly startedAt: Instant;
  /** Failures in a row before it. */
  readonly failures: number;
  /** The other process that looked after it; null: this one did. */
  readonly process: string | null;
}

/** Says what came of a run, and when it is tried again. */
export function tellEnding(
  { run, startedAt, failures, process }: EndedRun,
  { outcome, endedAt, handled, retryAt, counts }: RunEnding,
  emit: EventSink,
): void {
  const durationMs = Math.max(0, endedAt - startedAt);
  if (outcome.kind === 'succeeded') {
    emit({ event: 'run.succeeded', run, effect: outcome.effect, durationMs, process });
    const retention = outcome.effect.kind === 'stored' ? outcome.effect.retention : null;
    const changed = retention !== null && (retention.dropped.length > 0 || retention.healed > 0);
    if (changed) emit({ event: 'retention.applied', run, retention });
    return;
  }
  if (outcome.failure.kind === 'cancelled') {
    emit({ event: 'run.cancelled', run, by: outcome.failure.by, process });
    return;
  }
  emit({ event: 'run.failed', run, failure: outcome.failure, durationMs, process });
  // A slot that was given up is not tried again: only the next one waits so long.
  if (retryAt !== null && !handled) {
    emit({ event: 'run.backoff.scheduled', run, failures: failures + (counts ? 1 : 0), until: retryAt });
  }
}

/**
 * How a run ends whose executor threw. A ledger that fails says nothing of the run, which goes on, on its device: it is
 * thrown on, so that whoever comes next takes the run up.
 */
export function defectOf(error: unknown): RunEnding['outcome'] {
  if (error instanceof Error && error.name === 'LedgerError') throw error;
  const detail = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error ? (error.stack ?? null) : null;
  return { kind: 'failed', failure: { kind: 'defect', detail, stack }, tail: [] };
}

/** The run as events name it. */
export function refOf({
  runId,
  device,
  deviceName,
  kind,
  slot,
  attempt,
}: Pick<RunRecord, 'runId' | 'device' | 'deviceName' | 'kind' | 'slot' | 'attempt'>): RunRef {
  return { runId, device: { uuid: device, name: deviceName }, kind, slot: slotText(slot), attempt };
}
