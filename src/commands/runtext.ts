import { describeFailure } from '../model/describe';
import { effectText } from '../model/effecttext';
import { type RunPhase, type RunRecord, type Stored, storedBy } from '../model/run';
import { durationText, instantText } from '../model/shown';
import { slotText } from '../model/slot';
import { instantJson } from './output';

/** A run for programs. Every key is always there; `output` is the last lines of it, as the log shows them. */
export function runJson(run: RunRecord): Readonly<Record<string, unknown>> {
  const { runId, kind, slot, attempt, startedAt, endedAt, phase, outcome } = run;
  return {
    runId,
    kind,
    slot: slotText(slot),
    attempt,
    state: stateOf(run),
    phase: outcome === null ? phase : null,
    startedAt: instantJson(startedAt),
    endedAt: instantJson(endedAt),
    durationMs: tookMsOf(run),
    ...storedJson(storedBy(run)),
    command: commandOf(run),
    warnings: outcome?.kind === 'succeeded' ? outcome.warnings : [],
    failure: outcome?.kind === 'failed' ? { ...outcome.failure, words: describeFailure(outcome.failure) } : null,
    phases: phasesOf(run).map(({ name, startedAt: begun, durationMs }) => ({
      phase: name,
      startedAt: instantJson(begun),
      durationMs,
    })),
    output: outcome?.tail ?? [],
  };
}

function storedJson(stored: Stored | null): Readonly<Record<string, unknown>> {
  if (stored === null) return { mode: null, snapshotAt: null, statistics: null, volumes: [], emptyVolumes: [] };
  const { mode, snapshotAt, statistics, volumes, emptyVolumes } = stored;
  return { mode, snapshotAt: instantJson(snapshotAt), statistics, volumes, emptyVolumes };
}

function commandOf({ outcome }: RunRecord): string | null {
  return outcome?.kind === 'succeeded' && outcome.effect.kind === 'executed' ? outcome.effect.command : null;
}

/** How long a run took; null while it goes on. Not less than nothing, also where the clock was set back meanwhile. */
export function tookMsOf({ startedAt, endedAt }: Pick<RunRecord, 'startedAt' | 'endedAt'>): number | null {
  return endedAt === null ? null : Math.max(0, endedAt - startedAt);
}

/** The same in words; empty while it goes on. */
export function tookText(run: RunRecord): string {
  const took = tookMsOf(run);
  return took === null ? '' : durationText(took);
}

/** How a run stands: `active` until it has ended. */
export function stateOf({ outcome }: RunRecord): 'active' | 'succeeded' | 'failed' | 'cancelled' {
  if (outcome === null) return 'active';
  if (outcome.kind === 'succeeded') return 'succeeded';
  return outcome.failure.kind === 'cancelled' ? 'cancelled' : 'failed';
}

/** What came of a run, in a sentence. */
export function outcomeText(run: RunRecord): string {
  const { outcome, phase } = run;
  if (outcome === null) return `Under way (${phase})`;
  if (outcome.kind === 'failed') return describeFailure(outcome.failure);
  return effectText(outcome.effect, tookMsOf(run) ?? 0);
}

/** A phase of a run; without a duration it goes on. */
export interface TimedPhase {
  readonly name: RunPhase;
  readonly startedAt: RunRecord['startedAt'];
  readonly durationMs: number | null;
}

/** The phases of a run with how long each took. Empty for a run of a version that did not write them down. */
export function phasesOf({ phases, endedAt }: RunRecord): readonly TimedPhase[] {
  return phases.map(({ phase, at }, index) => {
    const until = phases[index + 1]?.at ?? endedAt;
    return { name: phase, startedAt: at, durationMs: until === null ? null : Math.max(0, until - at) };
  });
}

/** Everything about one run, for people. */
export function runLines(run: RunRecord): readonly string[] {
  const { runId, slot, attempt, startedAt, endedAt, outcome } = run;
  const took = endedAt === null ? 'under way' : `took ${tookText(run)}`;
  const phases = phasesOf(run).map(({ name, durationMs }) =>
    durationMs === null ? `${name} since then` : `${name} ${durationText(durationMs)}`,
  );
  const warnings = outcome?.kind === 'succeeded' ? outcome.warnings : [];
  const stored = storedBy(run);
  const tail = outcome?.tail ?? [];
  return [
    `Run ${runId}: for ${slotText(slot)}, attempt ${String(attempt)}, began ${instantText(startedAt)}, ${took}`,
    `  ${outcomeText(run)}`,
    ...(phases.length === 0 ? [] : [`  Phases: ${phases.join(', ')}`]),
    ...(stored === null ? [] : [`  Volumes: ${stored.volumes.join(', ')}`]),
    ...warnings.map((warning) => `  Warning: ${warning}`),
    ...(tail.length === 0 ? [] : ['  Last lines of its output:', ...tail.map((line) => `  | ${line}`)]),
  ];
}
