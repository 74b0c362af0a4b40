import type { Instant } from '../../src/model/brand';
import type { Failure } from '../../src/model/failure';
import type { Event } from '../../src/model/event';
import type { DesiredDevice } from '../../src/model/policy';
import type { DeviceFacts } from '../../src/model/run';
import type { Verdict } from '../../src/model/verdict';
import type { Gate } from '../../src/reconciler/breaker';
import { NOTHING_TOLD, reportOf, type ReportInput, type Told } from '../../src/reconciler/report';
import {
  aDeviceNotEnabled,
  anEnabledDevice,
  aPolicy,
  aProblem,
  aRejectedDevice,
  aSchedule,
  aUuid,
  resolved,
} from '../support/desired';
import { STORE } from '../support/decision';
import { aFailedRun, aSucceededRun, at, ended, facts } from '../support/facts';

const now = at('2026-11-24T12:00:00Z');

function input(over: Partial<ReportInput> = {}): ReportInput {
  return { desired: [], verdicts: [], facts: new Map(), stores: new Map(), ssh: { kind: 'open' }, now, ...over };
}

/** The events of each of the passes, told one after another. */
function told(passes: readonly Partial<ReportInput>[]): readonly (readonly Event[])[] {
  let memory: Told = NOTHING_TOLD;
  return passes.map((pass) => {
    const report = reportOf(memory, input(pass));
    memory = report.told;
    return [...report.events];
  });
}

const names = (events: readonly Event[] | undefined): readonly string[] => (events ?? []).map(({ event }) => event);
const other = anEnabledDevice({
  policy: { schedule: resolved(aSchedule({ text: '@hourly', pattern: '0 0 * * * *' })) },
});

describe('what is told of a policy', () => {
  const steps: readonly {
    name: string;
    from: readonly DesiredDevice[];
    to: readonly DesiredDevice[];
    tells: readonly string[];
  }[] = [
    { name: 'seen again as it was -> nothing', from: [anEnabledDevice()], to: [anEnabledDevice()], tells: [] },
    { name: 'changed -> accepted again', from: [anEnabledDevice()], to: [other], tells: ['device.policy.accepted'] },
    {
      name: 'a new request -> nothing',
      from: [anEnabledDevice()],
      to: [anEnabledDevice({ policy: { request: resolved('x') } })],
      tells: [],
    },
    {
      name: 'problem -> rejected',
      from: [anEnabledDevice()],
      to: [aRejectedDevice()],
      tells: ['device.policy.rejected'],
    },
    { name: 'same problem -> nothing', from: [aRejectedDevice()], to: [aRejectedDevice()], tells: [] },
    {
      name: 'another problem -> rejected again',
      from: [aRejectedDevice()],
      to: [aRejectedDevice({}, [aProblem({ message: 'other' })])],
      tells: ['device.policy.rejected'],
    },
    {
      name: 'corrected -> accepted',
      from: [aRejectedDevice()],
      to: [anEnabledDevice()],
      tells: ['device.policy.accepted'],
    },
    {
      name: 'disabled -> dropped',
      from: [anEnabledDevice()],
      to: [aDeviceNotEnabled()],
      tells: ['device.policy.dropped'],
    },
    { name: 'no longer listed -> dropped', from: [anEnabledDevice()], to: [], tells: ['device.policy.dropped'] },
    { name: 'never enabled -> nothing', from: [], to: [aDeviceNotEnabled()], tells: [] },
    { name: 'never enabled, no longer listed -> nothing', from: [aDeviceNotEnabled()], to: [], tells: [] },
    {
      name: 'another mistake in the tag -> told again',
      from: [aDeviceNotEnabled({}, aProblem())],
      to: [aDeviceNotEnabled({}, aProblem({ message: 'other' }))],
      tells: ['device.policy.dropped'],
    },
    {
      name: 'a problem more -> rejected again',
      from: [aRejectedDevice()],
      to: [aRejectedDevice({}, [aProblem(), aProblem({ field: 'backupUrl' })])],
      tells: ['device.policy.rejected'],
    },
    {
      name: 'tag that is neither true nor false -> told once',
      from: [],
      to: [aDeviceNotEnabled({}, aProblem())],
      tells: ['device.policy.dropped'],
    },
  ];

  it.each(steps)('$name', ({ from, to, tells }) => {
    const [, second, third] = told([{ desired: from }, { desired: to }, { desired: to }]);

    expect(names(second)).toEqual(tells);
    expect(names(third)).toEqual([]);
  });

  it('says what is backed up where and when, and where that was asked for', () => {
    const [events] = told([{ desired: [anEnabledDevice({ policy: aPolicy() })] }]);

    expect(events?.[0]).toHaveProperty(
      'summary',
      'all volumes (the default of BACKUP_VARIABLE) to rsync://root@collector:54321//backups/0000001eeeeeeeeeeeeeeeeeeeeeeeee (the default of BACKUP_VARIABLE) at "0 0 * * *" UTC (the default of BACKUP_VARIABLE)',
    );
  });
});

describe('what is told of waiting', () => {
  const held = (reason: 'offline' | 'backing-off' | 'in-flight'): Partial<ReportInput> => {
    const verdict: Verdict = { kind: 'held', reason, until: null };
    return { desired: [anEnabledDevice()], verdicts: [verdict] };
  };

  it.each([
    { name: 'new reason -> news', passes: [held('offline')], changed: [true] },
    { name: 'same reason -> no news', passes: [held('offline'), held('offline')], changed: [true, false] },
    { name: 'another reason -> news', passes: [held('offline'), held('backing-off')], changed: [true, true] },
    { name: 'a run under way is no news', passes: [held('in-flight')], changed: [false] },
    {
      name: 'waits again after not having waited -> news',
      passes: [held('offline'), {}, held('offline')],
      changed: [true, true],
    },
  ])('$name', ({ passes, changed }) => {
    const events = told(passes)
      .flat()
      .filter((event) => event.event === 'device.held');

    expect(events.map((event) => event.changed)).toEqual(changed);
    expect(events[0]?.device).toEqual({ uuid: aUuid(1), name: 'a-device' });
  });
});

describe('what is told of things that devices share', () => {
  const failed = facts({ last: ended(aFailedRun({ kind: 'store-unavailable', detail: 'refused' })) });
  const later = at('2026-11-24T12:05:00Z');
  const shut: Partial<ReportInput> = {
    facts: new Map([[failed.device, failed]]),
    stores: new Map([[STORE, { kind: 'shut', until: later }]]),
  };

  it('a target that fails and one that works again, each once', () => {
    const [first, second, third, fourth] = told([shut, shut, {}, {}]);

    expect(first).toMatchObject([
      { event: 'target.unavailable', place: 'ssh://collector:54321', failure: { kind: 'store-unavailable' } },
    ]);
    expect(names(second)).toEqual([]);
    expect(third).toEqual([{ event: 'target.recovered', place: 'ssh://collector:54321' }]);
    expect(names(fourth)).toEqual([]);
  });

  it.each<{ name: string; gate: Gate; until: Instant }>([
    { name: 'until it is tried again', gate: { kind: 'shut', until: later }, until: later },
    { name: 'until it is tried, as from now', gate: { kind: 'single' }, until: now },
  ])('a target that fails: $name', ({ gate, until }) => {
    const [events] = told([{ ...shut, stores: new Map([[STORE, gate]]) }]);

    expect(events).toMatchObject([{ event: 'target.unavailable', until }]);
  });

  it('nothing of a target that is open', () => {
    expect(told([{ ...shut, stores: new Map([[STORE, { kind: 'open' }]]) }])).toEqual([[]]);
  });

  it('a target by the latest of its own failures, not by those of others or of devices', () => {
    const failing = (n: number, place: string, detail: string, endedAt: Instant): DeviceFacts =>
      facts({ device: aUuid(n), last: ended(aFailedRun({ kind: 'store-unavailable', detail }, { place, endedAt })) });
    const known = [
      failing(1, `${STORE}/backups`, 'older', at('2026-11-24T11:00:00Z')),
      failing(2, `${STORE}/backups`, 'latest', at('2026-11-24T11:30:00Z')),
      failing(3, `${STORE}/backups`, 'oldest', at('2026-11-24T10:00:00Z')),
      failing(4, 'b2://bucket/backups', 'elsewhere', at('2026-11-24T11:50:00Z')),
      facts({
        device: aUuid(7),
        last: ended(aFailedRun({ kind: 'volumes-none' }, { endedAt: at('2026-11-24T11:52:00Z') })),
      }),
      facts({ device: aUuid(5) }),
      facts({ device: aUuid(6), last: ended(aSucceededRun({ endedAt: at('2026-11-24T11:55:00Z') })) }),
    ];
    const [events] = told([{ ...shut, facts: new Map(known.map((each) => [each.device, each])) }]);

    expect(events).toMatchObject([{ failure: { detail: 'latest' } }]);
  });

  it('nothing where no failure is known any more', () => {
    expect(told([{ ...shut, facts: new Map() }])).toEqual([[]]);
    expect(told([{ ssh: { kind: 'single' }, facts: shut.facts ?? new Map() }])).toEqual([[]]);
  });

  it.each<{ name: string; failure: Failure }>([
    { name: 'an SSH key that is refused', failure: { kind: 'auth-rejected', who: 'ssh', detail: 'no' } },
    {
      name: 'a host key that has changed',
      failure: { kind: 'host-key-changed', host: 'gateway:22', expected: 'a', got: 'b' },
    },
  ])('$name and a way that works again, each once', ({ failure }) => {
    const refused = facts({ last: ended(aFailedRun(failure)) });
    const others = [
      facts({ device: aUuid(2), last: ended(aFailedRun({ kind: 'store-unavailable', detail: '' }, { endedAt: now })) }),
      facts({ device: aUuid(3) }),
    ];
    const known = [refused, ...others].map((each) => [each.device, each] as const);
    const parked: Partial<ReportInput> = { facts: new Map(known), ssh: { kind: 'single' } };
    const [first, second, third] = told([parked, parked, {}]);

    expect(first).toMatchObject([{ event: 'credential.refused', who: 'ssh', failure: { kind: failure.kind } }]);
    expect(names(second)).toEqual([]);
    expect(third).toEqual([{ event: 'credential.recovered', who: 'ssh' }]);
  });
});
