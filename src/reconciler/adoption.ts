import { type DeviceUuid, type Instant, instantOf, type RunId } from '../model/brand';
import type { Device } from '../model/device';
import { isLeased } from '../model/lease';
import type { RunRecord } from '../model/run';
import { earliest } from './earliest';
import { LOST_AFTER_MS } from './limits';

/** What to do about runs that nobody follows: the active ones, and those whose containers may be left on their devices. */
export interface Adoption {
  readonly adopt: readonly { readonly run: RunRecord; readonly device: Device }[];
  /** Runs whose device has stayed away for longer than a run can last. */
  readonly lost: readonly RunRecord[];
  /** How many others wait for their device to come back: if they still go on at all, it is without us. */
  readonly away: number;
  /** The earliest instant at which this answer changes by itself. */
  readonly wakeAt: Instant | null;
}

export interface AdoptionQuestion {
  readonly active: readonly RunRecord[];
  /** Runs that have ended and whose containers may still be on their devices. */
  readonly remaining: readonly RunRecord[];
  /** Runs that this process follows now. */
  readonly followed: Pick<ReadonlySet<RunId>, 'has'>;
  /** The API's last answer, by UUID. */
  readonly devices: ReadonlyMap<DeviceUuid, Device>;
  readonly now: Instant;
  readonly runTimeoutMs: number;
}

/**
 * The instant from which on a run that nothing is heard of is lost: the device itself has ended it by then. A run that a
 * clock ahead of ours has started is lost from now on; should it still go on, its container keeps the device for itself.
 */
export function lostAtOf(run: Pick<RunRecord, 'startedAt'>, runTimeoutMs: number, now: Instant): Instant {
  return run.startedAt > now ? now : instantOf(run.startedAt + runTimeoutMs + LOST_AFTER_MS);
}

/** The container on the device is the truth, so a run that nobody follows is joined there as soon as its lease is over. */
export function planAdoption(question: AdoptionQuestion): Adoption {
  const { active, remaining, followed, devices, now, runTimeoutMs } = question;
  const adopt: { run: RunRecord; device: Device }[] = [];
  const lost: RunRecord[] = [];
  const leases: Instant[] = [];
  const away: Instant[] = [];
  for (const run of [...remaining, ...active]) {
    if (followed.has(run.runId)) continue;
    const lostAt = lostAtOf(run, runTimeoutMs, now);
    const device = devices.get(run.device) ?? strangerOf(run, lostAt > now || run.outcome === null);
    if (isLeased(run, now)) leases.push(run.leaseUntil);
    else if (device.connected) adopt.push({ run, device });
    else if (run.outcome !== null) continue;
    else if (lostAt <= now) lost.push(run);
    else away.push(lostAt);
  }
  return { adopt, lost, away: away.length, wakeAt: earliest([...leases, ...away]) };
}

/**
 * A device that is no longer enabled is not in the API's answer; whether it is connected shows when it is tried. For what a
 * run has left there that is not tried for ever: the device may be gone for good.
 */
function strangerOf(run: RunRecord, connected: boolean): Device {
  return {
    uuid: run.device,
    name: run.deviceName,
    fleet: { id: 0, slug: '', tags: new Map() },
    tags: new Map(),
    connected,
  };
}
