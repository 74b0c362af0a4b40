import type { DeviceUuid } from '../../src/model/brand';
import type { DeviceFacts } from '../../src/model/run';
import { decide, type Decision, type DecisionInput } from '../../src/reconciler/decide';
import { slotBook } from '../../src/reconciler/slotbook';
import { anEnabledDevice } from './desired';
import { at, facts } from './facts';

/** The moment of the decisions of tests: eight hours after the last slot of `aPolicy`. */
export const DECIDED_AT = at('2026-11-24T08:00:00Z');

/** The store of `aTarget`. */
export const STORE = 'ssh://collector:54321';

export function known(...all: readonly DeviceFacts[]): ReadonlyMap<DeviceUuid, DeviceFacts> {
  return new Map(all.map((each) => [each.device, each]));
}

/** By default: one device that is due, that nothing holds, and room for it. */
export function anInput(over: Partial<DecisionInput> = {}): DecisionInput {
  return {
    desired: [anEnabledDevice()],
    now: DECIDED_AT,
    limits: { maxConcurrentRuns: 10, startingDeadlineMs: null },
    facts: known(facts()),
    inFlight: new Set(),
    placeless: 0,
    stores: new Map(),
    ssh: { kind: 'open' },
    apiRefused: false,
    apiStale: false,
    slots: slotBook(),
    ...over,
  };
}

export function decided(over: Partial<DecisionInput> = {}): Decision {
  return decide(anInput(over));
}
