import { instantOf } from '../../src/model/brand';
import type { Device } from '../../src/model/device';
import type { RunRecord } from '../../src/model/run';
import { lostAtOf, planAdoption } from '../../src/reconciler/adoption';
import { LONGEST_LEASE_MS } from '../../src/model/lease';
import { aDevice, aUuid } from '../support/desired';
import { aRun, aSuccess, at } from '../support/facts';

const now = at('2026-11-24T00:10:00Z');
const runTimeoutMs = 3_600_000;
const run = aRun({ leaseUntil: at('2026-11-24T00:09:00Z') });

function plan(over: {
  run?: Partial<RunRecord>;
  device?: Device | null;
  isFollowed?: boolean;
}): ReturnType<typeof planAdoption> {
  const meant = { ...run, ...over.run };
  const device = over.device === undefined ? aDevice() : over.device;
  return planAdoption({
    active: meant.outcome === null ? [meant] : [],
    remaining: meant.outcome === null ? [] : [meant],
    followed: new Set(over.isFollowed === true ? [meant.runId] : []),
    devices: new Map(device === null ? [] : [[device.uuid, device]]),
    now,
    runTimeoutMs,
  });
}

describe('adoption', () => {
  const offline = aDevice({ connected: false });
  const old = { startedAt: at('2026-11-23T00:00:00Z') };
  const ended = { endedAt: now, outcome: aSuccess() };

  it.each([
    { name: 'lease over, device connected -> adopted', over: {}, adopts: 1, loses: 0, wakeAt: null },
    { name: 'followed by us -> left alone', over: { isFollowed: true }, adopts: 0, loses: 0, wakeAt: null },
    {
      name: 'lease runs -> again when it is over',
      over: { run: { leaseUntil: instantOf(now + 1000) } },
      adopts: 0,
      loses: 0,
      wakeAt: instantOf(now + 1000),
    },
    {
      name: 'lease ends right now -> adopted',
      over: { run: { leaseUntil: now } },
      adopts: 1,
      loses: 0,
      wakeAt: null,
    },
    {
      name: 'lease ends right now, device offline -> again when the run must be over',
      over: { device: offline, run: { leaseUntil: now } },
      adopts: 0,
      loses: 0,
      wakeAt: lostAtOf(run, runTimeoutMs, now),
    },
    {
      name: 'the longest lease that is granted -> again when it is over',
      over: { run: { leaseUntil: instantOf(now + LONGEST_LEASE_MS) } },
      adopts: 0,
      loses: 0,
      wakeAt: instantOf(now + LONGEST_LEASE_MS),
    },
    {
      name: 'lease granted by a clock that was set back since -> adopted',
      over: { run: { leaseUntil: instantOf(now + 86_400_000) } },
      adopts: 1,
      loses: 0,
      wakeAt: null,
    },
    {
      name: 'device offline -> again when the run must be over',
      over: { device: offline },
      adopts: 0,
      loses: 0,
      wakeAt: lostAtOf(run, runTimeoutMs, now),
    },
    {
      name: 'ended, its container may be left -> joined to have it removed',
      over: { run: ended },
      adopts: 1,
      loses: 0,
      wakeAt: null,
    },
    {
      name: 'ended, whoever removes its container may be at it -> when the lease is over',
      over: { run: { ...ended, leaseUntil: instantOf(now + 1000) } },
      adopts: 0,
      loses: 0,
      wakeAt: instantOf(now + 1000),
    },
    {
      name: 'ended, device offline -> once it is there, however long that takes',
      over: { run: { ...ended, ...old }, device: offline },
      adopts: 0,
      loses: 0,
      wakeAt: null,
    },
    {
      name: 'ended, device no longer enabled -> joined all the same',
      over: { run: ended, device: null },
      adopts: 1,
      loses: 0,
      wakeAt: null,
    },
    {
      name: 'ended long ago, device no longer enabled -> left alone',
      over: { run: { ...ended, ...old }, device: null },
      adopts: 0,
      loses: 0,
      wakeAt: null,
    },
    {
      name: 'ended long ago, device there -> joined',
      over: { run: { ...ended, ...old } },
      adopts: 1,
      loses: 0,
      wakeAt: null,
    },
    {
      name: 'device offline for too long -> lost',
      over: { device: offline, run: old },
      adopts: 0,
      loses: 1,
      wakeAt: null,
    },
    {
      name: 'back after a long time -> adopted: its result may be there',
      over: { run: old },
      adopts: 1,
      loses: 0,
      wakeAt: null,
    },
    {
      name: 'started by a clock that was ahead, device offline -> lost: nothing tells when it must be over',
      over: { device: offline, run: { startedAt: at('2027-11-24T00:00:00Z') } },
      adopts: 0,
      loses: 1,
      wakeAt: null,
    },
    {
      name: 'device no longer enabled -> tried all the same',
      over: { device: null },
      adopts: 1,
      loses: 0,
      wakeAt: null,
    },
  ])('$name', ({ over, adopts, loses, wakeAt }) => {
    const { adopt, lost, wakeAt: wakes } = plan(over);

    expect(adopt).toHaveLength(adopts);
    expect(lost).toHaveLength(loses);
    expect(wakes).toBe(wakeAt);
  });

  it.each([
    { name: 'whose device is offline', over: { device: offline }, away: 1 },
    { name: 'that are followed', over: { device: offline, isFollowed: true }, away: 0 },
    { name: 'that have a lease', over: { device: offline, run: { leaseUntil: instantOf(now + 1000) } }, away: 0 },
    { name: 'that are lost', over: { device: offline, run: old }, away: 0 },
    { name: 'whose device is there', over: {}, away: 0 },
  ])('counts as away, of runs $name: $away', ({ over, away }) => {
    expect(plan(over).away).toBe(away);
  });

  it('names the device that the run itself knows where the API does not list it', () => {
    expect(plan({ device: null }).adopt[0]?.device).toEqual({
      uuid: aUuid(1),
      name: 'a-device',
      fleet: { id: 0, slug: '', tags: new Map() },
      tags: new Map(),
      connected: true,
    });
  });

  it.each([
    { name: 'first', seconds: [10, 20] },
    { name: 'second', seconds: [20, 10] },
  ])('is planned again for the run whose lease ends first, here the $name', ({ seconds }) => {
    const active = seconds.map((each) => ({ ...run, leaseUntil: instantOf(now + each * 1000) }));

    expect(
      planAdoption({ active, remaining: [], followed: new Set(), devices: new Map(), now, runTimeoutMs }).wakeAt,
    ).toBe(now + 10_000);
  });
});
