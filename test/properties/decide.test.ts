import fc from 'fast-check';
import { instantOf, type DeviceUuid } from '../../src/model/brand';
import type { DesiredDevice } from '../../src/model/policy';
import type { DeviceFacts } from '../../src/model/run';
import { decide, type DecisionInput } from '../../src/reconciler/decide';
import { slotBook } from '../../src/reconciler/slotbook';
import { aDeviceNotEnabled, anEnabledDevice, aUuid, resolved } from '../support/desired';
import { aRun, at, facts } from '../support/facts';

const NOW = at('2026-11-24T08:00:00Z');
const DAY = 86_400_000;

interface Drawn {
  readonly enabled: boolean;
  readonly connected: boolean;
  readonly request: string | null;
  readonly handledDaysAgo: number | null;
  readonly active: boolean;
  readonly retryInMs: number | null;
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  enabled: fc.boolean(),
  connected: fc.boolean(),
  request: fc.option(fc.constantFrom('a', 'b')),
  handledDaysAgo: fc.option(fc.integer({ min: 0, max: 10 })),
  active: fc.boolean(),
  retryInMs: fc.option(fc.integer({ min: -DAY, max: DAY })),
});

const inputs = fc
  .record({ fleet: fc.array(drawn, { maxLength: 12 }), limit: fc.integer({ min: 0, max: 5 }), apiStale: fc.boolean() })
  .map(({ fleet, limit, apiStale }): DecisionInput => {
    const known = fleet.map((each, n) => factsOf(each, aUuid(n)));
    return {
      desired: fleet.map((each, n) => desiredOf(each, aUuid(n))),
      now: NOW,
      limits: { maxConcurrentRuns: limit, startingDeadlineMs: null },
      facts: new Map(known.map((each) => [each.device, each])),
      inFlight: new Set(),
      placeless: 0,
      stores: new Map(),
      ssh: { kind: 'open' },
      apiRefused: false,
      apiStale,
      slots: slotBook(),
    };
  });

function desiredOf({ enabled, connected, request }: Drawn, uuid: DeviceUuid): DesiredDevice {
  if (!enabled) return aDeviceNotEnabled({ uuid });
  return anEnabledDevice({
    device: { uuid, connected },
    policy: { request: request === null ? null : resolved(request) },
  });
}

function factsOf({ handledDaysAgo, active, retryInMs }: Drawn, uuid: DeviceUuid): DeviceFacts {
  return facts({
    device: uuid,
    handledSlot: handledDaysAgo === null ? null : instantOf(at('2026-11-24T00:00:00Z') - handledDaysAgo * DAY),
    active: active ? aRun({ device: uuid }) : null,
    retryAt: retryInMs === null ? null : instantOf(NOW + retryInMs),
  });
}

function check(law: (input: DecisionInput) => void): void {
  fc.assert(fc.property(inputs, law));
}

describe('the laws of the decision', () => {
  it('gives one verdict for each device, and an action for each due one and no other', () => {
    check((input) => {
      const { verdicts, actions } = decide(input);
      const due = input.desired.filter((_, n) => verdicts[n]?.kind === 'due').map(({ device }) => device.uuid);

      expect(verdicts).toHaveLength(input.desired.length);
      expect(actions.map(({ device }) => device.uuid).sort()).toEqual(due.sort());
    });
  });

  it('never goes beyond the limit less what is in flight', () => {
    check((input) => {
      const inFlight = [...input.facts.values()].filter(({ active }) => active !== null).length;

      expect(decide(input).actions.length).toBeLessThanOrEqual(Math.max(0, input.limits.maxConcurrentRuns - inFlight));
    });
  });

  it('gives the same answer whatever the order of the devices', () => {
    check((input) => {
      const turned = decide({ ...input, desired: [...input.desired].reverse(), slots: slotBook() });
      const straight = decide(input);

      expect(turned.actions).toEqual(straight.actions);
      expect([...turned.verdicts].reverse()).toEqual(straight.verdicts);
      expect(turned.wakeAt).toBe(straight.wakeAt);
    });
  });

  it('starts nothing for a device whose action is in flight', () => {
    check((input) => {
      const { actions } = decide(input);
      const running = new Map(input.facts);
      for (const { device, id } of actions) {
        running.set(device.uuid, facts({ device: device.uuid, active: aRun({ device: device.uuid, actionId: id }) }));
      }
      const again = decide({ ...input, facts: running, limits: { ...input.limits, maxConcurrentRuns: 100 } });
      const started = new Set(actions.map(({ device }) => device.uuid));

      expect(again.actions.filter(({ device }) => started.has(device.uuid))).toEqual([]);
    });
  });

  it('answers the same until wakeAt when nothing is due', () => {
    check((input) => {
      const first = decide({ ...input, limits: { ...input.limits, maxConcurrentRuns: 0 } });
      const until = instantOf((first.wakeAt ?? instantOf(NOW + DAY)) - 1);
      const second = decide({ ...input, now: until, limits: { ...input.limits, maxConcurrentRuns: 0 } });
      const kinds = (verdicts: typeof first.verdicts): readonly string[] => verdicts.map(({ kind }) => kind);

      expect(kinds(second.verdicts)).toEqual(kinds(first.verdicts));
    });
  });
});
