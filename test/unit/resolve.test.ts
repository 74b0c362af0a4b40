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
    expect(desireOf(device({ backupEnabled: 'TRUE' }, ON))).toEqual({
      kind: 'not-enabled',
      problem: {
        field: 'backupEnabled',
        origin: { kind: 'device-tag', tag: 'backupEnabled' },
        message: '"TRUE" is neither true nor false, so the device is not backed up; write true or false',
      },
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

  test.each([
    { tag: 'backupVolumes', text: 'a;b' },
    { tag: 'backupTimezone', text: 'Mars/Olympus' },
    { tag: 'backupSchedule', text: '99 * * * *' },
    { tag: 'backupFullEvery', text: '30d' },
    { tag: 'backupKeepFull', text: '0' },
    { tag: 'backupKeepFull', text: '3x' },
    { tag: 'backupKeepFull', text: '12345' },
    { tag: 'backupBandwidth', text: 'fast' },
    { tag: 'backupRequest', text: ' now' },
    { tag: 'backupAddress', text: '-oProxy' },
  ])('is rejected for $tag alone', ({ tag, text }) => {
    const desire = desireOf(device({ ...ON, [tag]: text }));

    expect(desire).toMatchObject({ kind: 'rejected', problems: [{ field: tag, origin: { kind: 'device-tag', tag } }] });
  });

  test('says every problem of one field', () => {
    const desire = desireOf(device({ ...ON, backupUrl: 'sftp://h//b -v9 --archive-dir=/x' }));

    expect(desire.kind === 'rejected' ? desire.problems.map(({ field }) => field) : []).toEqual([
      'backupUrl',
      'backupUrl',
    ]);
  });

  test('names the variable where the environment is wrong', () => {
    const defaults = policyDefaultsOf({ schedule: given('BACKUP_SCHEDULE', 'never') });

    expect(desireOf(device(ON), { defaults })).toMatchObject({
      kind: 'rejected',
      problems: [{ field: 'BACKUP_SCHEDULE', origin: { kind: 'environment', variable: 'BACKUP_SCHEDULE' } }],
    });
  });

  test('keeps all chains at full speed where nobody asks for less', () => {
    const { keepFull, bandwidth } = policyOf(device(ON));

    expect(keepFull).toEqual({ value: null, origin: { kind: 'default', variable: 'BACKUP_KEEP_FULL' } });
    expect(bandwidth).toEqual({ value: null, origin: { kind: 'default', variable: 'BACKUP_BANDWIDTH' } });
  });

  test('takes limits of the environment, of which a tag may ask for others', () => {
    const defaults = policyDefaultsOf({
      keepFull: given('BACKUP_KEEP_FULL', '9999'),
      bandwidth: given('BACKUP_BANDWIDTH', '500K'),
    });
    const { keepFull, bandwidth } = policyOf(device({ ...ON, backupBandwidth: '1M' }), { defaults });

    expect(keepFull).toEqual({ value: 9999, origin: { kind: 'environment', variable: 'BACKUP_KEEP_FULL' } });
    expect(bandwidth).toEqual({ value: 1_048_576, origin: { kind: 'device-tag', tag: 'backupBandwidth' } });
  });

  test.each(['x', 'now 1', '2026-11-24', 'y'.repeat(200)])('takes the request %s', (token) => {
    expect(policyOf(device({ ...ON, backupRequest: token })).request?.value).toBe(token);
  });

  test.each(['now ', 'y'.repeat(201), 'é'])('does not take the request %s', (token) => {
    expect(desireOf(device({ ...ON, backupRequest: token }))).toMatchObject({
      problems: [
        { message: expect.stringMatching(/cannot be a request; write up to 200 printable characters/) as unknown },
      ],
    });
  });

  test('keeps the address as it was written', () => {
    expect(policyOf(device({ ...ON, backupAddress: '[fe80::1]:22' })).address?.value).toBe('[fe80::1]:22');
    expect(policyOf(device(ON)).address).toBeNull();
  });

  test('reads the schedule in its zone, and in UTC where that cannot be read, so that a person sees both problems', () => {
    expect(policyOf(device({ ...ON, backupTimezone: 'Europe/Berlin' })).schedule.value.timezone).toBe('Europe/Berlin');
    expect(desireOf(device({ ...ON, backupTimezone: 'Mars/Olympus' }))).toMatchObject({
      problems: [{ field: 'backupTimezone' }],
    });
  });

  test("only a tag's target at the server of the environment's own gets the environment's password", () => {
    const environment = new Map([['FTP_PASSWORD', 'hunter22']]);
    const defaults = policyDefaultsOf({ url: given('BACKUP_URL', 'ftp://user@good/x') });
    const settings = { environment, defaults };

    expect(policyOf(device(ON), settings).target.value.variables).toEqual(['FTP_PASSWORD']);
    expect(policyOf(device({ ...ON, backupUrl: 'ftp://user@good/y' }), settings).target.value.variables).toEqual([
      'FTP_PASSWORD',
    ]);
    expect(desireOf(device({ ...ON, backupUrl: 'ftp://user@evil/y' }), settings).kind).toBe('rejected');
    expect(desireOf(device({ ...ON, backupUrl: 'ftp://user@evil/y' }), { environment }).kind).toBe('rejected');
  });

  test("the environment's URL may have options that a tag's may not", () => {
    const text = 'sftp://host//b --no-compression';

    expect(
      policyOf(device(ON), { defaults: policyDefaultsOf({ url: given('BACKUP_URL', text) }) }).target.value.options,
    ).toContain('--no-compression');
    expect(desireOf(device({ ...ON, backupUrl: text })).kind).toBe('rejected');
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

  test("says why the orchestrator's own device is left out", () => {
    const self = device(ON, {}, { uuid: aUuid(3) });

    expect(desireOf(self, { selfUuid: aUuid(3) })).toMatchObject({
      problem: {
        message:
          'the orchestrator itself runs on this device, which is only backed up when asked; set BACKUP_SELF=true',
      },
    });
    expect(desireOf(self, { selfUuid: aUuid(4) }).kind).toBe('enabled');
  });

  const volumesBy = {
    tag: (text: string) => desireOf(device({ ...ON, backupVolumes: text })),
    environment: (text: string) =>
      desireOf(device(ON), { defaults: policyDefaultsOf({ volumes: given('BACKUP_VOLUMES', text) }) }),
  };

  test.each(['tag', 'environment'] as const)(
    "a volume may be named with the fleet's number, not with another's: %s",
    (by) => {
      const own = volumesBy[by]('1234_data');

      expect(own.kind === 'enabled' && own.policy.volumes.value).toEqual({ kind: 'named', names: ['data'] });
      expect(volumesBy[by]('99_data')).toMatchObject({
        kind: 'rejected',
        problems: [{ message: expect.stringMatching(/^"99_data" begins like a volume of another fleet/) as unknown }],
      });
    },
  );
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

  test('of whom there are many names some, and how many more', () => {
    const prefix = `sftp://host//backups --file-prefix=${[1, 2, 3, 4, 5].map(aUuid).join('-')}`;
    const fleet = [1, 2, 3, 4, 5].map((n) =>
      device({ ...ON, backupUrl: prefix }, {}, { uuid: aUuid(n), name: `d${String(n)}` }),
    );
    const [first] = resolveDesired(fleet, settingsOf());

    expect(first?.desire).toEqual({
      kind: 'rejected',
      problems: [
        {
          field: 'backupUrl',
          origin: { kind: 'device-tag', tag: 'backupUrl' },
          message:
            'this target is also that of "d2" (0000002), "d3" (0000003), "d4" (0000004) and 1 more, and two devices at one place destroy each other\'s backups; put $UUID into the URL\'s path',
        },
      ],
    });
    expect(resolveDesired(fleet.slice(0, 4), settingsOf())[0]?.desire).toMatchObject({
      problems: [{ message: expect.stringMatching(/"d4" \(0000004\), and two devices/) as unknown }],
    });
  });
});
