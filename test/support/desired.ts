import { deviceUuidOf, type DeviceUuid } from '../../src/model/brand';
import type { Device, Fleet, Tags } from '../../src/model/device';
import { foldedPolicy, policyFor } from '../../src/model/folded';
import type { DesiredDevice, Origin, Policy, PolicyProblem, Resolved, Schedule, Target } from '../../src/model/policy';

/** The n-th UUID of a test: its first seven digits are n in hexadecimal. */
export function aUuid(n: number): DeviceUuid {
  return deviceUuidOf(n.toString(16).padStart(7, '0').padEnd(32, 'e'));
}

export function tagsOf(tags: Readonly<Record<string, string>>): Tags {
  return new Map(Object.entries(tags));
}

export function aFleet(over: Partial<Fleet> = {}): Fleet {
  return { id: 1234, slug: 'org/fleet', tags: new Map(), ...over };
}

export function aDevice(over: Partial<Device> = {}): Device {
  return { uuid: aUuid(1), name: 'a-device', fleet: aFleet(), tags: new Map(), connected: true, ...over };
}

/** A value with an origin; by default a built-in default. */
export function resolved<T>(value: T, origin: Origin = { kind: 'default', variable: 'BACKUP_VARIABLE' }): Resolved<T> {
  return { value, origin };
}

/** An rsync target of its own for each device. */
export function aTarget(over: Partial<Target> = {}): Target {
  const path = `/backups/${aUuid(1)}`;
  return {
    url: `rsync://root@collector:54321/${path}`,
    options: [],
    scheme: 'rsync',
    user: 'root',
    host: 'collector',
    port: 54321,
    path,
    filePrefix: null,
    deviceLocal: false,
    variables: [],
    overSsh: true,
    needs: { image: 'small', modules: [], programs: ['rsync', 'ssh'] },
    place: `ssh://collector:54321${path}`,
    shown: `rsync://root@collector:54321/${path}`,
    ...over,
  };
}

export function aSchedule(over: Partial<Schedule> = {}): Schedule {
  return { text: '0 0 * * *', pattern: '0 0 0 * * *', timezone: 'UTC', ...over };
}

export function aPolicy(over: Partial<Policy> = {}): Policy {
  return {
    target: resolved(aTarget()),
    volumes: resolved({ kind: 'all' }),
    schedule: resolved(aSchedule()),
    timezone: resolved('UTC'),
    fullEvery: resolved({ text: '30D', seconds: 2_592_000 }),
    keepFull: resolved(null),
    bandwidth: resolved(null),
    request: null,
    address: null,
    ...over,
  };
}

export function anEnabledDevice(over: { device?: Partial<Device>; policy?: Partial<Policy> } = {}): DesiredDevice {
  const device = aDevice(over.device);
  return { device, desire: { kind: 'enabled', policy: foldedPolicy(aPolicy(over.policy), device.uuid) } };
}

/** The device's own policy, which it must have. */
export function policyIn(desired: DesiredDevice | undefined): Policy {
  if (desired?.desire.kind !== 'enabled') throw new Error(`there is no policy: ${JSON.stringify(desired?.desire)}`);
  return policyFor(desired.device, desired.desire.policy);
}

export function aDeviceNotEnabled(over: Partial<Device> = {}, problem: PolicyProblem | null = null): DesiredDevice {
  return { device: aDevice(over), desire: { kind: 'not-enabled', problem } };
}

export function aProblem(over: Partial<PolicyProblem> = {}): PolicyProblem {
  return {
    field: 'backupSchedule',
    origin: { kind: 'device-tag', tag: 'backupSchedule' },
    message: 'the schedule cannot be read',
    ...over,
  };
}

export function aRejectedDevice(
  over: Partial<Device> = {},
  problems: readonly PolicyProblem[] = [aProblem()],
): DesiredDevice {
  return { device: aDevice(over), desire: { kind: 'rejected', problems } };
}
