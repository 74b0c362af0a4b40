import type { DatabaseSync } from 'node:sqlite';
import type { KnownDevice } from '../model/ports';
import { DeviceBook } from './devicebook';
import { readDevicesByName } from './reading';

/** All devices that a pass saw enabled or a person ran something on, by name. */
export function readKnown(database: DatabaseSync): readonly KnownDevice[] {
  const facts = new DeviceBook(database).facts();
  return readDevicesByName(database).map(({ uuid, name, enabled }) => ({
    uuid,
    name,
    isEnabled: enabled === 1,
    facts: facts.get(uuid) ?? null,
  }));
}
