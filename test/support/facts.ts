import { actionIdOf, runIdOf } from '../../src/model/action';
import { instantOf, type Instant } from '../../src/model/brand';
import type { DeviceFacts, RunRecord } from '../../src/model/run';
import { aTarget, aUuid } from './desired';

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
    lastFullAt: null,
    lastFullPlace: null,
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
    outcome: null,
    ...over,
  };
}
