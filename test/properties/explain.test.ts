import fc from 'fast-check';
import { instantOf } from '../../src/model/brand';
import { decide, type DecisionInput } from '../../src/reconciler/decide';
import { answersOf, explanationOf } from '../../src/reconciler/explain';
import type { Gate } from '../../src/reconciler/breaker';
import { slotBook } from '../../src/reconciler/slotbook';
import { aDeviceNotEnabled, anEnabledDevice, aRejectedDevice, aUuid, resolved } from '../support/desired';
import { aFailedRun, aRun, at, ended, facts } from '../support/facts';

const NOW = at('2026-11-24T08:00:00Z');
const HOUR = 3_600_000;
const failed = aFailedRun({ kind: 'device-unreachable', phase: 'connect', detail: '' });

const gate = fc.constantFrom<Gate>(
  { kind: 'open' },
  { kind: 'shut', until: instantOf(NOW + HOUR) },
  { kind: 'single' },
);
const drawn = fc.record({
  kind: fc.constantFrom('enabled', 'enabled', 'enabled', 'rejected', 'not-enabled'),
  connected: fc.boolean(),
  request: fc.option(fc.constantFrom('a', 'b')),
  handledHoursAgo: fc.option(fc.integer({ min: 0, max: 72 })),
  active: fc.boolean(),
  retryInMs: fc.option(fc.integer({ min: -HOUR, max: HOUR })),
});

const inputs = fc
  .record({
    fleet: fc.array(drawn, { maxLength: 8 }),
    limit: fc.integer({ min: 0, max: 4 }),
    deadlineHours: fc.option(fc.integer({ min: 1, max: 12 })),
    ssh: gate,
    store: gate,
    apiStale: fc.boolean(),
    apiRefused: fc.boolean(),
  })
  .map(({ fleet, limit, deadlineHours, ssh, store, apiStale, apiRefused }): DecisionInput => {
    const desired = fleet.map(({ kind, connected, request }, n) => {
      const device = { uuid: aUuid(n), connected };
      if (kind === 'rejected') return aRejectedDevice(device);
      if (kind === 'not-enabled') return aDeviceNotEnabled(device);
      return anEnabledDevice({ device, policy: { request: request === null ? null : resolved(request) } });
    });
    const known = fleet.map(({ handledHoursAgo, active, retryInMs }, n) =>
      facts({
        device: aUuid(n),
        handledSlot: handledHoursAgo === null ? null : instantOf(NOW - handledHoursAgo * HOUR),
        active: active ? aRun({ device: aUuid(n) }) : null,
        failures: retryInMs === null ? 0 : 1,
        last: retryInMs === null ? null : ended(failed),
        retryAt: retryInMs === null ? null : instantOf(NOW + retryInMs),
      }),
    );
    return {
      desired,
      now: NOW,
      limits: { maxConcurrentRuns: limit, startingDeadlineMs: deadlineHours === null ? null : deadlineHours * HOUR },
      facts: new Map(known.map((each) => [each.device, each])),
      inFlight: new Set(),
      placeless: 0,
      stores: new Map([['ssh://collector:54321', store]]),
      ssh,
      apiRefused,
      apiStale,
      slots: slotBook(),
    };
  });

/** The guards that may stand behind a verdict. */
function guardsOf(verdict: ReturnType<typeof answersOf>[number]['verdict']): readonly string[] {
  switch (verdict.kind) {
    case 'due':
      return ['none'];
    case 'not-due':
      return ['nothing-due', 'starting-deadline'];
    case 'held':
      return [verdict.reason];
    case 'rejected':
      return ['policy-problems'];
    case 'not-enabled':
      return ['not-enabled'];
  }
}

describe('the laws of explanations', () => {
  it('the first question that is answered by no is the reason that decided, and all are yes for what starts', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const decided = { input, decision: decide(input) };
        for (const [n, desired] of input.desired.entries()) {
          const { verdict, steps } = explanationOf(desired, decided);
          const deciding = steps.find(({ isYes }) => !isYes)?.guard ?? 'none';

          expect(verdict).toEqual(decided.decision.verdicts[n]);
          expect(guardsOf(verdict)).toContain(deciding);
        }
      }),
    );
  });

  it('every device has one answer, what starts comes first in its order, and no words are missing', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const decision = decide(input);
        const answers = answersOf({ input, decision });
        const started = answers.slice(0, decision.actions.length).map(({ device }) => device.uuid);

        expect(started).toEqual(decision.actions.map(({ device }) => device.uuid));
        expect(new Set(answers.map(({ device }) => device.uuid)).size).toBe(input.desired.length);
        expect(answers.filter(({ words }) => words === '')).toEqual([]);
      }),
    );
  });
});
