import { isLeft } from 'fp-ts/Either';
import * as t from 'io-ts';
import { DeviceUuid } from '../model/brand';
import type { Device, Fleet, Tags } from '../model/device';
import type { FleetReading } from '../model/ports';

const TagRow = t.readonly(t.type({ tag_key: t.string, value: t.union([t.string, t.null]) }));
const FleetRow = t.readonly(t.type({ id: t.Int, slug: t.string, application_tag: t.readonlyArray(TagRow) }));
const DeviceRow = t.readonly(
  t.type({
    id: t.Int,
    uuid: DeviceUuid,
    device_name: t.union([t.string, t.null]),
    is_connected_to_vpn: t.boolean,
    device_tag: t.readonlyArray(TagRow),
    belongs_to__application: t.readonlyArray(FleetRow),
  }),
);
const IdRow = t.readonly(t.type({ id: t.Int }));

/** Rows of the API as devices. A row that is not as it should be is reported and costs no other device its backup. */
export class ReadingBuilder {
  readonly #devices: Device[] = [];
  readonly #unreadable: { what: string; problem: string }[] = [];
  readonly #fleets = new Map<number, Fleet>();
  readonly #share: (device: Device) => Device;

  public constructor(share: (device: Device) => Device = (device) => device) {
    this.#share = share;
  }

  public add(row: unknown): void {
    const decoded = DeviceRow.decode(row);
    if (isLeft(decoded)) {
      const path = decoded.left[0]?.context.map((entry) => entry.key).filter((key) => key !== '' && !/^\d+$/.test(key));
      this.#reject(row, `its field ${path?.join('.') ?? '?'} is not what the API promises`);
      return;
    }
    const [fleet] = decoded.right.belongs_to__application;
    if (fleet === undefined) {
      this.#reject(row, 'it belongs to no fleet');
      return;
    }
    const { uuid, device_name: name, is_connected_to_vpn: connected, device_tag: tags } = decoded.right;
    const device = { uuid, name: name ?? '', fleet: this.#fleet(fleet), tags: tagsOf(tags), connected };
    this.#devices.push(this.#share(device));
  }

  /** Whether a device of the fleet was among the rows. */
  public hasSeen(slug: string): boolean {
    return [...this.#fleets.values()].some((fleet) => fleet.slug === slug);
  }

  /** Notes that there is no such fleet. */
  public miss(slug: string): void {
    const problem =
      "CLI_API_KEY sees no fleet of that slug; correct BACKUP_FLEETS, or give the key's user a role in it";
    this.#unreadable.push({ what: `the fleet ${slug}`, problem });
  }

  public reading(): FleetReading {
    return { devices: this.#devices, unreadable: this.#unreadable };
  }

  /** Devices share their fleet: it is made once. */
  #fleet(row: t.TypeOf<typeof FleetRow>): Fleet {
    const known = this.#fleets.get(row.id);
    if (known !== undefined) return known;
    const fleet = { id: row.id, slug: row.slug, tags: tagsOf(row.application_tag) };
    this.#fleets.set(row.id, fleet);
    return fleet;
  }

  #reject(row: unknown, problem: string): void {
    const id = idOf(row);
    this.#unreadable.push({ what: id === null ? 'a device' : `device with id ${String(id)}`, problem });
  }
}

/** The row's id, or null: a page's last one says where the next begins. */
export function idOf(row: unknown): number | null {
  const decoded = IdRow.decode(row);
  return isLeft(decoded) ? null : decoded.right.id;
}

/** Most devices have none of their own. */
const NO_TAGS: Tags = new Map();

function tagsOf(rows: readonly t.TypeOf<typeof TagRow>[]): Tags {
  return rows.length === 0 ? NO_TAGS : new Map(rows.map((row) => [row.tag_key, row.value ?? '']));
}
