import type { Device } from '../../src/model/device';
import { enableAdvice, notEnabledText } from '../../src/reconciler/notenabled';
import { aDeviceNotEnabled, aFleet, aProblem, tagsOf } from '../support/desired';

const tagged = (
  own: Readonly<Record<string, string>>,
  fleet: Readonly<Record<string, string>> = {},
): Partial<Device> => ({
  tags: tagsOf(own),
  fleet: aFleet({ tags: tagsOf(fleet) }),
});

describe('a device that is not enabled', () => {
  it.each<{ device: Partial<Device>; says: string; todo: string }>([
    {
      device: {},
      says: 'it is not enabled: neither it nor its fleet has the tag backupEnabled',
      todo: 'To have it backed up, set the tag backupEnabled to true on the device, or on its fleet org/fleet for all devices of it.',
    },
    {
      device: tagged({ backupEnabled: 'false' }),
      says: 'it is not enabled: its own tag backupEnabled is false',
      todo: 'To have it backed up, set its own tag backupEnabled to true.',
    },
    {
      device: tagged({ backupEnabled: 'false' }, { backupEnabled: 'true' }),
      says: "it is not enabled: its own tag backupEnabled is false, which goes before its fleet's",
      todo: "To have it backed up, set its own tag backupEnabled to true, or remove it: its fleet's is true.",
    },
    {
      device: tagged({}, { backupEnabled: 'false' }),
      says: "it is not enabled: its fleet's tag backupEnabled is false, and it has none of its own",
      todo: 'To have it backed up, set the tag backupEnabled to true on the device, or on its fleet org/fleet for all devices of it.',
    },
    {
      device: tagged({ backupenabled: 'true', backupUrl: 'file:///backups' }),
      says: 'it is not enabled: neither it nor its fleet has the tag backupEnabled; its own tag "backupenabled" is not read',
      todo: 'Name its own tag "backupenabled" backupEnabled if that is meant.',
    },
    {
      device: tagged({}, { backupEnabld: 'true' }),
      says: 'it is not enabled: neither it nor its fleet has the tag backupEnabled; its fleet\'s tag "backupEnabld" is not read',
      todo: 'Name its fleet\'s tag "backupEnabld" backupEnabled if that is meant.',
    },
  ])('$says', ({ device, says, todo }) => {
    const desired = aDeviceNotEnabled(device);

    expect([notEnabledText(desired), enableAdvice(desired)]).toEqual([says, todo]);
  });

  it('by a value that cannot be read has that as its reason', () => {
    const desired = aDeviceNotEnabled({}, aProblem({ message: 'write true or false' }));

    expect(notEnabledText(desired)).toBe("the device's tag backupSchedule: write true or false");
    expect(enableAdvice(desired)).toBe('The reason above says what to write instead.');
  });
});
