import type { Desire, Policy } from '../../src/model/policy';
import { resolveDesired } from '../../src/model/resolve';
import type { Device } from '../../src/model/device';
import type { Settings } from '../../src/model/settings';
import { aDevice, aFleet, aUuid, policyIn, tagsOf } from '../support/desired';
import { given, policyDefaultsOf, settingsOf } from '../support/settings';

type Tags = Readonly<Record<string, string>>;

function device(tags: Tags, fleetTags: Tags = {}, over: Partial<Device> = {}): Device {
  return aDevice({ tags: tagsOf(tags), fleet: aFleet({ tags: tagsOf(fleetTags) }), ...over });
}

function desireOf(one: Device, settings: Partial<Settings> = {}): Desire {
  const [first] = resolveDesired([one], settingsOf(settings));
  if (first === undefined) throw new Error('nothing was resolved');
  return first.desire;
}

function policyOf(one: Device, settings: Partial<Settings> = {}): Policy {
  return policyIn(resolveDesired([one], settingsOf(settings))[0]);
}

const ON = { backupEnabled: 'true' };

describe('a policy', () => {
  test('is opt-in', () => {
    expect(desireOf(device({}))).toEqual({ kind: 'not-enabled', problem: null });
    expect(desireOf(device({ backupEnabled: 'false' }, ON))).toEqual({ kind: 'not-enabled', problem: null });
    expect(desireOf(device({}, ON)).kind).toBe('enabled');
  });

  test('a tag that is neither true nor false does not enable and is reported', () => {
    expect(desireOf(device({ backupEnabled: 'TRUE' }, ON))).toMatchObject({
      kind: 'not-enabled',
      problem: { field: 'backupEnabled', origin: { kind: 'device-tag' } },
    });
  });

  test('takes each field from the device, else the fleet, else the environment, and says which', () => {
    const defaults = policyDefaultsOf({ fullEvery: given('BACKUP_FULL_EVERY', '7D') });
    const policy = policyOf(
      device({ ...ON, backupSchedule: '@hourly' }, { backupSchedule: '@daily', backupKeepFull: '3' }),
      {
        defaults,
      },
    );
    expect(policy.schedule).toMatchObject({
      value: { text: '@hourly' },
      origin: { kind: 'device-tag', tag: 'backupSchedule' },
    });
    expect(policy.keepFull).toEqual({ value: 3, origin: { kind: 'fleet-tag', tag: 'backupKeepFull' } });
    expect(policy.fullEvery).toMatchObject({
      value: { text: '7D' },
      origin: { kind: 'environment', variable: 'BACKUP_FULL_EVERY' },
    });
    expect(policy.target.origin).toEqual({ kind: 'default', variable: 'BACKUP_URL' });
  });

  test('names every wrong tag at once', () => {
    const desire = desireOf(
      device({
        ...ON,
        backupUrl: 'nonsense',
        backupSchedule: '99 * * * *',
        backupTimezone: 'Mars/Olympus',
        backupVolumes: 'a;b',
        backupFullEvery: '30d',
        backupKeepFull: '-1',
        backupBandwidth: 'fast',
        backupRequest: 'a\u0007b',
        backupAddress: '-oProxy',
      }),
    );
    if (desire.kind !== 'rejected') throw new Error('it was accepted');
    expect(desire.problems.map((problem) => problem.field)).toEqual([
      'backupUrl',
      'backupVolumes',
      'backupTimezone',
      'backupSchedule',
      'backupFullEvery',
      'backupKeepFull',
      'backupBandwidth',
      'backupRequest',
      'backupAddress',
    ]);
  });

  test("a device's empty request hides its fleet's", () => {
    expect(policyOf(device({ ...ON, backupRequest: '' }, { backupRequest: 'now' })).request).toBeNull();
    expect(policyOf(device(ON, { backupRequest: 'now' })).request?.value).toBe('now');
  });

  test("the orchestrator's own device is left out unless asked for", () => {
    const self = device(ON, {}, { uuid: aUuid(3) });
    expect(desireOf(self, { selfUuid: aUuid(3) })).toMatchObject({
      kind: 'not-enabled',
      problem: { field: 'backupEnabled' },
    });
    expect(desireOf(self, { selfUuid: aUuid(3), backupSelf: true }).kind).toBe('enabled');
  });

  test("the fleet's prefix of a volume is for tags; the environment's volumes are for every fleet", () => {
    expect(policyOf(device({ ...ON, backupVolumes: '1234_data' })).volumes.value).toEqual({
      kind: 'named',
      names: ['data'],
    });
    expect(desireOf(device({ ...ON, backupVolumes: '99_data' })).kind).toBe('rejected');
  });
});

describe('two devices at one place', () => {
  const url = 'sftp://host//backups/$UUID';
  const shared = `sftp://host//backups/${aUuid(1)}`;
  const one = device({ ...ON, backupUrl: url }, {}, { uuid: aUuid(1), name: 'one' });
  const two = device({ ...ON, backupUrl: shared, backupBandwidth: '1M' }, {}, { uuid: aUuid(2), name: 'two' });

  test('are kept apart by a prefix where a tag names a folder for all', () => {
    const kinds = resolveDesired([one, two], settingsOf()).map((each) => each.desire.kind);
    expect(kinds).toEqual(['enabled', 'enabled']);
  });

  test('are both rejected, each naming the other, and others are not', () => {
    const prefix = `sftp://host//backups --file-prefix=${aUuid(1)}-${aUuid(2)}-`;
    const desired = resolveDesired(
      [
        device({ ...ON, backupUrl: prefix }, {}, { uuid: aUuid(1), name: 'one' }),
        device({ ...ON, backupUrl: prefix }, {}, { uuid: aUuid(2), name: 'two' }),
        device(ON, {}, { uuid: aUuid(3) }),
      ],
      settingsOf(),
    );
    expect(desired.map((each) => each.desire.kind)).toEqual(['rejected', 'rejected', 'enabled']);
    expect(JSON.stringify(desired[0]?.desire)).toContain('two');
  });
});
