import { randomBytes } from 'node:crypto';
import type { Row, Scalar, Table } from './odatarow';

export interface LabFleet {
  readonly id: number;
  readonly name: string;
  readonly slug: string;
}

export interface LabUserKey {
  readonly id: number;
  readonly title: string;
  readonly publicKey: string;
}

export interface NewFleet {
  readonly name: string;
  readonly slug?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

export interface NewDevice {
  readonly fleetId: number;
  readonly name: string;
  readonly uuid?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly connected?: boolean;
}

interface DeviceEntry {
  readonly id: number;
  readonly uuid: string;
  readonly name: string;
  readonly fleetId: number;
  readonly connected: boolean;
  readonly tags: ReadonlyMap<string, string>;
  /** Fields that are wrong on purpose. */
  readonly spoiled: Readonly<Record<string, Scalar>>;
}

type FleetEntry = LabFleet & { readonly tags: ReadonlyMap<string, string> };

/** What the API knows; every change is one call, as the dashboard makes it. An unknown id or UUID throws. */
export class ApiState {
  readonly #fleets = new Map<number, FleetEntry>();
  readonly #devices = new Map<string, DeviceEntry>();
  readonly #keys = new Map<number, LabUserKey>();
  #lastId = 1000;

  public addFleet(fleet: NewFleet): LabFleet {
    const entry = { id: this.#nextId(), name: fleet.name, slug: fleet.slug ?? `lab/${fleet.name}` };
    this.#fleets.set(entry.id, { ...entry, tags: new Map(Object.entries(fleet.tags ?? {})) });
    return entry;
  }

  public addDevice(device: NewDevice): { readonly id: number; readonly uuid: string } {
    this.#fleet(device.fleetId);
    const uuid = device.uuid ?? randomBytes(16).toString('hex');
    if (this.#devices.has(uuid)) throw new Error(`there is a device ${uuid} already`);
    const id = this.#nextId();
    const { fleetId, name, connected = true } = device;
    const tags = new Map(Object.entries(device.tags ?? {}));
    this.#devices.set(uuid, { id, uuid, name, fleetId, connected, tags, spoiled: {} });
    return { id, uuid };
  }

  /** Sets the tag, or removes it when the value is null. */
  public setTag(uuid: string, key: string, value: string | null): void {
    const device = this.#device(uuid);
    this.#devices.set(uuid, { ...device, tags: tagged(device.tags, key, value) });
  }

  public setFleetTag(fleetId: number, key: string, value: string | null): void {
    const fleet = this.#fleet(fleetId);
    this.#fleets.set(fleetId, { ...fleet, tags: tagged(fleet.tags, key, value) });
  }

  public setConnected(uuid: string, connected: boolean): void {
    this.#devices.set(uuid, { ...this.#device(uuid), connected });
  }

  public isConnected(uuid: string): boolean {
    return this.#devices.get(uuid)?.connected ?? false;
  }

  public rename(uuid: string, name: string): void {
    this.#devices.set(uuid, { ...this.#device(uuid), name });
  }

  public move(uuid: string, fleetId: number): void {
    this.#fleet(fleetId);
    this.#devices.set(uuid, { ...this.#device(uuid), fleetId });
  }

  public removeDevice(uuid: string): void {
    this.#devices.delete(this.#device(uuid).uuid);
  }

  /** Makes the API give wrong fields for this device, to test how a row that cannot be read is treated. */
  public spoil(uuid: string, fields: Readonly<Record<string, Scalar>>): void {
    this.#devices.set(uuid, { ...this.#device(uuid), spoiled: fields });
  }

  public keys(): readonly LabUserKey[] {
    return [...this.#keys.values()];
  }

  /** Null when the account has exactly this text already: the API answers 409 then. */
  public addKey(title: string, publicKey: string): LabUserKey | null {
    if (this.keys().some((key) => key.publicKey === publicKey)) return null;
    const key = { id: this.#nextId(), title, publicKey };
    this.#keys.set(key.id, key);
    return key;
  }

  public removeKey(id: number): void {
    this.#keys.delete(id);
  }

  public deviceRows(): readonly Row[] {
    return [...this.#devices.values()].map((device) => this.#deviceRow(device));
  }

  public fleetRows(): readonly Row[] {
    return [...this.#fleets.values()].map(fleetRow);
  }

  public keyRows(userId: number): readonly Row[] {
    const user: Table = { many: false, rows: [{ fields: { id: userId }, links: {} }] };
    return this.keys().map(({ id, title, publicKey }) => ({
      fields: { id, title, public_key: publicKey, created_at: '2024-01-01T00:00:00.000Z' },
      links: { user },
    }));
  }

  #deviceRow(device: DeviceEntry): Row {
    const fleet = this.#fleets.get(device.fleetId);
    const { id, uuid, name, connected } = device;
    return {
      fields: {
        id,
        uuid,
        device_name: name,
        is_online: connected,
        is_connected_to_vpn: connected,
        overall_status: connected ? 'operational' : 'disconnected',
        api_heartbeat_state: connected ? 'online' : 'offline',
        os_version: 'balenaOS 6.0.0',
        os_variant: 'prod',
        supervisor_version: '17.0.0',
        status: 'Idle',
        ...device.spoiled,
      },
      links: {
        device_tag: tagTable(device.id, device.tags),
        belongs_to__application: { many: false, rows: fleet === undefined ? [] : [fleetRow(fleet)] },
      },
    };
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  #device(uuid: string): DeviceEntry {
    const device = this.#devices.get(uuid);
    if (device === undefined) throw new Error(`there is no device ${uuid}`);
    return device;
  }

  #fleet(id: number): FleetEntry {
    const fleet = this.#fleets.get(id);
    if (fleet === undefined) throw new Error(`there is no fleet ${String(id)}`);
    return fleet;
  }
}

function fleetRow(fleet: FleetEntry): Row {
  return {
    fields: { id: fleet.id, app_name: fleet.name, slug: fleet.slug, is_archived: false },
    links: { application_tag: tagTable(fleet.id, fleet.tags) },
  };
}

function tagTable(ownerId: number, tags: ReadonlyMap<string, string>): Table {
  const rows = [...tags].map(([key, value], index) => ({
    fields: { id: ownerId * 1000 + index, tag_key: key, value },
    links: {},
  }));
  return { many: true, rows };
}

function tagged(tags: ReadonlyMap<string, string>, key: string, value: string | null): ReadonlyMap<string, string> {
  const next = new Map(tags);
  if (value === null) next.delete(key);
  else next.set(key, value);
  return next;
}
