import { instantOf, type Instant } from '../../src/model/brand';
import type { Failure } from '../../src/model/failure';
import type { DeviceFacts, RunRecord } from '../../src/model/run';
import { type Evidence, sshGate, storeGates, storeOf } from '../../src/reconciler/breaker';
import { PROBE_PAUSE_MS } from '../../src/reconciler/limits';
import { aUuid } from '../support/desired';
import { aFailedRun, aRun, aSucceededRun, at, ended, facts } from '../support/facts';

const T = at('2026-11-24T08:00:00Z');
const STORE = 'ssh://collector:54321';
const storeDown: Failure = { kind: 'store-unavailable', detail: 'connection refused' };
const refused: Failure = { kind: 'auth-rejected', who: 'ssh', detail: 'publickey' };

const after = (ms: number): Instant => instantOf(T + ms);

function failedAt(n: number, failure: Failure, endedAt: Instant, over: Partial<DeviceFacts> = {}): DeviceFacts {
  const device = aUuid(n);
  return facts({ device, failures: 1, last: ended(aFailedRun(failure, { device, endedAt })), ...over });
}

function evidence(known: readonly DeviceFacts[], over: Partial<Evidence> = {}): Evidence {
  return {
    facts: new Map(known.map((each) => [each.device, each])),
    active: [],
    now: after(1000),
    forgiveUntil: instantOf(0),
    ...over,
  };
}

const active = (n: number, startedAt: Instant, over: Partial<RunRecord> = {}): RunRecord =>
  aRun({ device: aUuid(n), startedAt, ...over });

describe('the place that devices share', () => {
  it.each([
    ['ssh://collector:54321/backups/abc', 'ssh://collector:54321'],
    ['b2://bucket/path#prefix', 'b2://bucket'],
    ['s3://bucket?x', 's3://bucket'],
    ['multi://elsewhere', 'multi://elsewhere'],
    ['a place of another form', 'a place of another form'],
    ['file:///backups', null],
  ])('%s -> %s', (place, store) => {
    expect(storeOf(place)).toBe(store);
  });
});

describe('the gate of a store', () => {
  const two = [failedAt(1, storeDown, T), failedAt(2, storeDown, T)];

  it('stays open after one failure of one device', () => {
    expect(storeGates(evidence([failedAt(1, storeDown, T)])).size).toBe(0);
  });

  it('stays open for failures that are the devices own', () => {
    const lost: Failure = { kind: 'run-lost', detail: 'reboot' };

    expect(storeGates(evidence([failedAt(1, lost, T), failedAt(2, lost, T)])).size).toBe(0);
  });

  it('shuts for a while after failures of two devices', () => {
    expect(storeGates(evidence(two)).get(STORE)).toEqual({ kind: 'shut', until: after(PROBE_PAUSE_MS) });
  });

  it('shuts after three failures in a row of one device', () => {
    const gates = storeGates(evidence([failedAt(1, storeDown, T, { failures: 3 })]));

    expect(gates.get(STORE)?.kind).toBe('shut');
  });

  it('lets one device try after the pause, and no second while that goes on', () => {
    const now = after(PROBE_PAUSE_MS);

    expect(storeGates(evidence(two, { now })).get(STORE)).toEqual({ kind: 'single' });
    expect(storeGates(evidence(two, { now, active: [active(3, now)] })).get(STORE)).toEqual({
      kind: 'shut',
      until: after(2 * PROBE_PAUSE_MS),
    });
  });

  it('lets a next device try when the trial takes longer than the pause: it may be a full backup, or its device gone', () => {
    const trials = [active(4, after(PROBE_PAUSE_MS - 7)), active(3, after(PROBE_PAUSE_MS)), active(5, T)];
    const gateAt = (ms: number): unknown => storeGates(evidence(two, { now: after(ms), active: trials })).get(STORE);

    expect(gateAt(2 * PROBE_PAUSE_MS - 1)).toEqual({ kind: 'shut', until: after(2 * PROBE_PAUSE_MS) });
    expect(gateAt(2 * PROBE_PAUSE_MS)).toEqual({ kind: 'single' });
  });

  it('takes a run by hand that began since for the trial, and none of another store', () => {
    const now = after(PROBE_PAUSE_MS);
    const gateWith = (run: RunRecord): unknown => storeGates(evidence(two, { now, active: [run] })).get(STORE);

    expect(gateWith(active(3, after(1)))).toEqual({ kind: 'shut', until: after(1 + PROBE_PAUSE_MS) });
    expect(gateWith(active(3, now, { place: 'b2://bucket/backups' }))).toEqual({ kind: 'single' });
  });

  it('is shut from the latest failure on, in whatever order the devices come', () => {
    const late = failedAt(3, storeDown, after(500));

    for (const known of [
      [...two, late],
      [late, ...two],
    ]) {
      expect(storeGates(evidence(known)).get(STORE)).toEqual({ kind: 'shut', until: after(500 + PROBE_PAUSE_MS) });
    }
  });

  it("is never there for the devices' own disks", () => {
    const full = [1, 2].map((n) =>
      facts({ device: aUuid(n), last: ended(aFailedRun(storeDown, { endedAt: T, place: 'file:/backups' })) }),
    );

    expect(storeGates(evidence(full)).size).toBe(0);
  });

  it('does not take a run from before the failures for the trial', () => {
    const now = after(PROBE_PAUSE_MS);

    expect(storeGates(evidence(two, { now, active: [active(3, after(-5))] })).get(STORE)?.kind).toBe('single');
  });

  it('counts a failure of this very moment', () => {
    expect(storeGates(evidence(two, { now: T })).size).toBe(1);
  });

  it('does not open by a success that is older than the failures, nor by one elsewhere', () => {
    const good = (n: number, endedAt: Instant, place = `${STORE}/backups`): DeviceFacts =>
      facts({ device: aUuid(n), lastSuccess: ended(aSucceededRun({ device: aUuid(n), endedAt, place })) });

    expect(storeGates(evidence([...two, good(3, after(-10))])).size).toBe(1);
    expect(storeGates(evidence([...two, good(3, after(10), 'b2://bucket/backups')])).size).toBe(1);
    expect(storeGates(evidence([...two, good(3, after(10)), good(4, after(-10))])).size).toBe(0);
  });

  it('opens when a run there succeeds', () => {
    const device = aUuid(3);
    const good = ended(aSucceededRun({ device, endedAt: after(10) }));

    expect(storeGates(evidence([...two, facts({ device, last: good, lastSuccess: good })])).size).toBe(0);
  });

  it('tells stores apart whose name is the device itself', () => {
    const own = [1, 2].map((n) => {
      const run = aFailedRun(storeDown, { device: aUuid(n), endedAt: T, place: `s3://${aUuid(n)}.store/backups` });
      return facts({ device: aUuid(n), failures: n === 1 ? 3 : 1, last: ended(run) });
    });

    expect([...storeGates(evidence(own)).keys()]).toEqual([`s3://${aUuid(1)}.store`]);
  });

  it('takes no notice of what a clock that was ahead has written', () => {
    const ahead = after(400 * 86_400_000);
    const future = [failedAt(1, storeDown, ahead), failedAt(2, storeDown, ahead)];
    const good = ended(aSucceededRun({ device: aUuid(3), endedAt: ahead }));

    expect(storeGates(evidence(future)).size).toBe(0);
    expect(storeGates(evidence([...two, facts({ device: aUuid(3), lastSuccess: good })])).size).toBe(1);
  });

  it('forgives what happened before a start or a request for a pass', () => {
    expect(storeGates(evidence(two, { forgiveUntil: T })).size).toBe(0);
  });
});

describe('the gate of the SSH credential', () => {
  it('is open where nothing was refused', () => {
    expect(sshGate(evidence([facts(), failedAt(2, storeDown, T)]))).toEqual({ kind: 'open' });
  });

  it('lets one other device try at once when a single device refused', () => {
    expect(sshGate(evidence([failedAt(1, refused, T)]))).toEqual({ kind: 'single' });
  });

  it('shuts for a while when two devices refused', () => {
    expect(sshGate(evidence([failedAt(1, refused, T), failedAt(2, refused, T)]))).toEqual({
      kind: 'shut',
      until: after(PROBE_PAUSE_MS),
    });
  });

  it('shuts in the same way for a host key that has changed: the gateway shows it to all', () => {
    const changed: Failure = { kind: 'host-key-changed', host: 'gateway:22', expected: 'SHA256:a', got: 'SHA256:b' };

    expect(sshGate(evidence([failedAt(1, changed, T)]))).toEqual({ kind: 'single' });
    expect(sshGate(evidence([failedAt(1, changed, T), failedAt(2, changed, T)]))).toMatchObject({ kind: 'shut' });
  });

  it('tells stores apart whose name is the device itself', () => {
    const own = [1, 2].map((n) => {
      const run = aFailedRun(storeDown, { device: aUuid(n), endedAt: T, place: `s3://${aUuid(n)}.store/backups` });
      return facts({ device: aUuid(n), failures: n === 1 ? 3 : 1, last: ended(run) });
    });

    expect([...storeGates(evidence(own)).keys()]).toEqual([`s3://${aUuid(1)}.store`]);
  });

  it('takes no notice of what a clock that was ahead has written', () => {
    const ahead = after(400 * 86_400_000);

    expect(sshGate(evidence([failedAt(1, refused, ahead), failedAt(2, refused, ahead)]))).toEqual({ kind: 'open' });
    expect(sshGate(evidence([failedAt(1, refused, T)], { active: [active(3, ahead, { phase: 'running' })] }))).toEqual({
      kind: 'single',
    });
  });

  it('waits for the device that tries', () => {
    const trying = active(3, after(5), { phase: 'connecting' });

    expect(sshGate(evidence([failedAt(1, refused, T)], { active: [trying] }))).toEqual({
      kind: 'shut',
      until: after(5 + PROBE_PAUSE_MS),
    });
    expect(sshGate(evidence([failedAt(1, refused, T)], { active: [{ ...trying, startedAt: T }] })).kind).toBe('shut');
  });

  it('opens as soon as a later run has got its shell', () => {
    const connected = active(3, after(5), { phase: 'preparing' });

    expect(sshGate(evidence([failedAt(1, refused, T)], { active: [connected] }))).toEqual({ kind: 'open' });
  });

  it('opens when a later run failed on the device: it had got there', () => {
    expect(sshGate(evidence([failedAt(1, refused, T), failedAt(2, storeDown, after(5))]))).toEqual({ kind: 'open' });
    expect(
      sshGate(evidence([failedAt(1, refused, T), failedAt(2, storeDown, after(5)), failedAt(3, storeDown, after(-5))])),
    ).toEqual({ kind: 'open' });
  });

  it('is not opened by runs that got there before, nor held by those that began before', () => {
    const early = active(3, after(-5), { phase: 'running' });

    expect(sshGate(evidence([failedAt(1, refused, T), failedAt(2, storeDown, after(-5))]))).toEqual({ kind: 'single' });
    expect(sshGate(evidence([failedAt(1, refused, T)], { active: [early] }))).toEqual({ kind: 'single' });
  });

  it.each([
    { name: 'first', startedAt: [after(1000), after(-5)] },
    { name: 'last', startedAt: [after(-5), after(1000)] },
  ])('opens by the run that has got its shell since, which comes $name', ({ startedAt }) => {
    const runs = startedAt.map((each, n) => active(3 + n, each, { phase: 'running' }));

    expect(sshGate(evidence([failedAt(1, refused, T)], { active: runs }))).toEqual({ kind: 'open' });
  });

  it('stays as it is when a later run did not get there', () => {
    const away: Failure = { kind: 'device-unreachable', phase: 'connect', detail: 'timeout' };

    expect(sshGate(evidence([failedAt(1, refused, T), failedAt(2, away, after(5))]))).toEqual({ kind: 'single' });
  });
});
