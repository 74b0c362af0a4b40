import type { DeviceUuid, RunId } from '../../src/model/brand';
import type { Device } from '../../src/model/device';
import type { Ledger } from '../../src/model/ports';
import { resolveDesired } from '../../src/model/resolve';
import { createLook, type Look, type ShownFleet } from '../../src/reconciler/look';
import { slotBook } from '../../src/reconciler/slotbook';
import { aDevice, aUuid, tagsOf } from '../support/desired';
import { at } from '../support/facts';
import { aNewRun, anOwner, withLedger } from '../support/ledger';
import { settingsOf } from '../support/settings';

const before = at('2026-11-24T11:59:00Z');
const now = at('2026-11-24T12:00:00Z');
const hourly = [1, 2].map((n) =>
  aDevice({
    uuid: aUuid(n),
    name: `device-${String(n)}`,
    tags: tagsOf({ backupEnabled: 'true', backupSchedule: '0 * * * *' }),
  }),
);
const other = aNewRun({ device: aUuid(9), startedAt: before });
const another = aNewRun({ device: aUuid(8), startedAt: before });

interface Scene {
  readonly ledger: Ledger;
  readonly followed: Map<RunId, DeviceUuid>;
  readonly clearing: Set<DeviceUuid>;
  /** How often tags were read. */
  readonly resolved: { count: number };
  readonly look: (fleet?: Partial<ShownFleet>) => Look;
}

/** A fleet of two that was seen a minute ago and is due by now, with room for two runs. */
function scene(play: (scene: Scene) => void): void {
  withLedger((ledger) => {
    const clock = { at: before };
    const resolved = { count: 0 };
    const followed = new Map<RunId, DeviceUuid>();
    const clearing = new Set<DeviceUuid>();
    const look = createLook({
      ledger,
      resolve: (devices: readonly Device[]) => {
        resolved.count += 1;
        return resolveDesired(devices, settingsOf());
      },
      limits: { maxConcurrentRuns: 2, startingDeadlineMs: null },
      runTimeoutMs: 3_600_000,
      slots: slotBook(),
      followed: () => followed,
      clearing: () => clearing,
      clock: { now: () => clock.at },
    });
    const shown = { devices: hourly, isStale: false, isRefused: false };
    look(shown, before);
    clock.at = now;
    play({ ledger, followed, clearing, resolved, look: (fleet) => look({ ...shown, ...fleet }, before) });
  });
}

const starts = ({ decision }: Look): readonly DeviceUuid[] => decision.actions.map(({ device }) => device.uuid);

describe('a look at the fleet', () => {
  it('finds what is due', () => {
    scene(({ look }) => {
      expect(starts(look())).toEqual([aUuid(1), aUuid(2)]);
    });
  });

  it('starts nothing on a device whose run has ended but whose container is not gone yet', () => {
    scene(({ look, followed }) => {
      followed.set(aNewRun().runId, aUuid(1));

      expect(starts(look())).toEqual([aUuid(2)]);
    });
  });

  it('keeps no place for a container that is only to be removed, unless its device is at work again', () => {
    scene(({ look, ledger, followed, clearing }) => {
      for (const { runId, device } of [other, another]) {
        followed.set(runId, device);
        clearing.add(device);
      }
      expect(starts(look())).toEqual([aUuid(1), aUuid(2)]);

      ledger.begin(aNewRun({ device: other.device, startedAt: before }), anOwner, at('2026-11-24T12:01:00Z'));
      expect(starts(look())).toEqual([aUuid(1)]);
    });
  });

  it('counts each run of a device that was never enabled against the limit', () => {
    scene(({ look, ledger }) => {
      ledger.begin(other, anOwner, at('2026-11-24T12:01:00Z'));
      expect(starts(look())).toEqual([aUuid(1)]);

      ledger.begin(another, anOwner, at('2026-11-24T12:01:00Z'));
      expect(starts(look())).toEqual([]);
    });
  });

  it('keeps no place for a run whose device has gone away with it, until that is back or the run is lost', () => {
    scene(({ look, ledger, followed }) => {
      const [first, second] = hourly;
      if (first === undefined || second === undefined) throw new Error('there are two');
      const [gone, back] = [aDevice({ uuid: other.device, connected: false }), aDevice({ uuid: other.device })];
      ledger.begin(other, anOwner, before);
      ledger.begin(another, anOwner, at('2026-11-24T12:01:00Z'));
      expect(starts(look({ devices: [first, second, gone] }))).toEqual([aUuid(1)]);
      expect(starts(look({ devices: [first, second, back] }))).toEqual([]);

      followed.set(other.runId, other.device);
      expect(starts(look({ devices: [first, second, gone] }))).toEqual([]);
    });
  });

  it('starts nothing while the API refuses our key, or by an answer that is too old', () => {
    scene(({ look }) => {
      expect(starts(look({ isRefused: true }))).toEqual([]);
      expect(starts(look({ isStale: true }))).toEqual([]);
    });
  });

  it('joins a run on the device as the API shows it', () => {
    scene(({ look, ledger }) => {
      ledger.begin(aNewRun({ startedAt: before }), anOwner, before);

      expect(look().adoption.adopt.map(({ device }) => device)).toEqual([hourly[0]]);
    });
  });

  it('reads the tags of the same answer of the API once', () => {
    scene(({ look, resolved }) => {
      look();
      look();
      expect(resolved.count).toBe(1);

      look({ devices: [...hourly] });
      expect(resolved.count).toBe(2);
    });
  });
});
