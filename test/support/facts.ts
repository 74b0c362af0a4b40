import { actionIdOf, runIdOf } from '../../src/model/action';
import { instantOf, type Instant } from '../../src/model/brand';
import type { Failure } from '../../src/model/failure';
import { folded } from '../../src/model/folded';
import {
  type DeviceFacts,
  type EndedRun,
  type Outcome,
  type RunRecord,
  type Stored,
  storedBy,
} from '../../src/model/run';
import { aTarget, aUuid } from './desired';

type SuccessfulOutcome = Extract<Outcome, { readonly kind: 'succeeded' }>;

export function at(iso: string): Instant {
  return instantOf(Date.parse(iso));
}

/** Facts of a device that is enabled since the start of the month and has never run. */
export function facts(over: Partial<DeviceFacts> = {}): DeviceFacts {
  return {
    device: aUuid(1),
    enabledSince: at('2026-11-01T12:00:00Z'),
    scheduleSince: at('2026-11-01T12:00:00Z'),
    scheduleKey: '0 0 0 * * * UTC',
    handledSlot: null,
    handledRequest: null,
    active: null,
    last: null,
    lastSuccess: null,
    lastFull: null,
    failures: 0,
    retryAt: null,
    attempts: new Map(),
    ...over,
  };
}

/** An active run by default. */
export function aRun(over: Partial<RunRecord> = {}): RunRecord {
  const slot = { kind: 'schedule', at: at('2026-11-24T00:00:00Z') } as const;
  const actionId = actionIdOf(aUuid(1), 'backup', slot);
  return {
    runId: runIdOf(actionId, 1),
    actionId,
    kind: 'backup',
    device: aUuid(1),
    deviceName: 'a-device',
    slot,
    attempt: 1,
    nonce: '0123456789abcdef',
    place: aTarget().place,
    startedAt: slot.at,
    endedAt: null,
    owner: { process: 'host:1', startedAt: slot.at },
    leaseUntil: instantOf(slot.at + 30_000),
    phase: 'running',
    phases: [],
    outcome: null,
    ...over,
  };
}

/** A run that has ended in a failure. */
export function aFailedRun(failure: Failure, over: Partial<RunRecord> = {}): RunRecord {
  return aRun({ endedAt: at('2026-11-24T00:05:00Z'), outcome: { kind: 'failed', failure, tail: [] }, ...over });
}

/** A run that has stored a snapshot. */
export function aSucceededRun(over: Partial<RunRecord> = {}): RunRecord {
  return aRun({ endedAt: at('2026-11-24T00:05:00Z'), outcome: aSuccess(), ...over });
}

/** What decisions are given of a run that has ended. */
export function ended({ device, place, endedAt, outcome, ...run }: RunRecord): EndedRun {
  return {
    seq: 1,
    place: folded(place, device),
    endedAt: endedAt ?? instantOf(0),
    failure: outcome?.kind === 'failed' ? outcome.failure : null,
    snapshotAt: storedBy({ outcome, ...run })?.snapshotAt ?? null,
  };
}

/** A snapshot of one volume. */
export function aSnapshot(over: Partial<Stored> = {}): Stored {
  return {
    kind: 'stored',
    mode: 'full',
    statistics: {
      sourceFiles: 3,
      sourceBytes: 300,
      newFiles: 3,
      changedFiles: 0,
      deletedFiles: 0,
      storedBytes: 200,
      errors: 0,
      durationMs: 50_000,
    },
    volumes: ['data'],
    emptyVolumes: [],
    snapshotAt: at('2026-11-24T00:01:00Z'),
    retention: null,
    ...over,
  };
}

export function aSuccess(over: Partial<Stored> = {}): SuccessfulOutcome {
  return { kind: 'succeeded', effect: aSnapshot(over), tail: [], warnings: [] };
}
