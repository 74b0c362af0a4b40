import { isLeft, left, right } from 'fp-ts/Either';
import { createFleetApi, type FleetApiOptions } from '../../src/balena/fleetapi';
import type { FleetApi, FleetReading } from '../../src/model/ports';
import { Secret } from '../../src/model/secret';
import { type LabApi, startApi } from '../lab/api';

const never = new AbortController().signal;
let api: LabApi;

beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.stop());

function adapter(over: Partial<FleetApiOptions> = {}): FleetApi {
  return createFleetApi({ apiUrl: api.url, apiKey: new Secret(api.apiKey), fleets: null, ...over });
}

async function reading(one: FleetApi = adapter()): Promise<FleetReading> {
  const read = await one.readDevices(never);
  if (isLeft(read)) throw new Error(JSON.stringify(read.left));
  return read.right;
}

function queries(): number {
  return api.requests.filter((request) => request.path.startsWith('/v7/device')).length;
}

describe('the fleet', () => {
  test('has the devices with the tag on themselves or their fleet, with all tags', async () => {
    const plain = api.state.addFleet({ name: 'plain' });
    const tagged = api.state.addFleet({ name: 'tagged', tags: { backupEnabled: 'true' } });
    api.state.addDevice({
      fleetId: plain.id,
      name: 'one',
      tags: { backupEnabled: 'false', backupUrl: 'x' },
      connected: false,
    });
    api.state.addDevice({ fleetId: tagged.id, name: 'two' });
    api.state.addDevice({ fleetId: plain.id, name: 'three', tags: { other: 'x' } });

    const { devices, unreadable } = await reading();

    expect(devices.map(({ name, connected }) => [name, connected])).toEqual([
      ['one', false],
      ['two', true],
    ]);
    expect(devices[0]?.tags).toEqual(
      new Map([
        ['backupEnabled', 'false'],
        ['backupUrl', 'x'],
      ]),
    );
    expect(devices[1]?.fleet).toEqual({
      id: tagged.id,
      slug: 'lab/tagged',
      tags: new Map([['backupEnabled', 'true']]),
    });
    expect(unreadable).toEqual([]);
    expect(queries()).toBe(1);
  });

  test('can be limited to some fleets', async () => {
    for (const name of ['one', 'two']) {
      const fleet = api.state.addFleet({ name, tags: { backupEnabled: 'true' } });
      api.state.addDevice({ fleetId: fleet.id, name });
    }
    const { devices } = await reading(adapter({ fleets: ['lab/two'] }));
    expect(devices.map((device) => device.name)).toEqual(['two']);
  });

  test('that is limited to a fleet which does not exist says so, and asks no more where all of them have devices', async () => {
    const fleet = api.state.addFleet({ name: 'one', tags: { backupEnabled: 'true' } });
    api.state.addDevice({ fleetId: fleet.id, name: 'device' });
    api.state.addFleet({ name: 'without-devices' });
    await reading(adapter({ fleets: ['lab/one'] }));
    expect(api.requests.filter(({ path }) => path.startsWith('/v7/application'))).toEqual([]);

    const { devices, unreadable } = await reading(adapter({ fleets: ['lab/one', 'lab/without-devices', 'lab/noe'] }));

    expect(devices.map(({ name }) => name)).toEqual(['device']);
    expect(unreadable).toEqual([
      { what: 'the fleet lab/noe', problem: expect.stringMatching(/correct BACKUP_FLEETS/) as unknown },
    ]);
  });

  test.each([
    [1000, 1],
    [2003, 3],
    [1001, 2],
  ])('of %i devices takes %i requests', async (count, expected) => {
    const fleet = api.state.addFleet({ name: 'big', tags: { backupEnabled: 'true' } });
    for (let n = 0; n < count; n += 1) api.state.addDevice({ fleetId: fleet.id, name: `device ${String(n)}` });
    const { devices } = await reading();
    expect(new Set(devices.map((device) => device.uuid)).size).toBe(count);
    expect(queries()).toBe(expected);
  });

  test('loses no device to another one whose row is damaged', async () => {
    const fleet = api.state.addFleet({ name: 'f', tags: { backupEnabled: 'true' } });
    const bad = api.state.addDevice({ fleetId: fleet.id, name: 'bad' });
    api.state.addDevice({ fleetId: fleet.id, name: 'good' });
    api.state.spoil(bad.uuid, { uuid: '../../etc' });
    const { devices, unreadable } = await reading();
    expect(devices.map((device) => device.name)).toEqual(['good']);
    expect(unreadable.map(({ what }) => what)).toEqual([`device with id ${String(bad.id)}`]);
    expect(unreadable[0]?.problem).toContain('uuid');
  });
});

describe('a failure of the API', () => {
  test('that is about the key is told from others', async () => {
    expect(await adapter({ apiKey: new Secret('wrong') }).readDevices(never)).toMatchObject(
      left({ kind: 'auth-rejected', who: 'api' }),
    );
    expect(await adapter({ apiKey: new Secret('wrong') }).username(never)).toMatchObject(
      left({ kind: 'auth-rejected' }),
    );
  });

  test('of its own carries the status and how long to wait', async () => {
    api.faults.set({ kind: 'status', status: 429, retryAfter: '7' });
    expect(await adapter().readDevices(never)).toMatchObject(
      left({ kind: 'api-unavailable', status: 429, retryAfterMs: 7000 }),
    );
    api.faults.set({ kind: 'status', status: 500 });
    expect(await adapter().readDevices(never)).toMatchObject(
      left({ kind: 'api-unavailable', status: 500, retryAfterMs: null }),
    );
    api.faults.set({ kind: 'cut-off' });
    expect(await adapter().readDevices(never)).toMatchObject(left({ kind: 'api-unavailable' }));
    api.faults.set({ kind: 'not-json' });
    expect(await adapter().readDevices(never)).toMatchObject(left({ kind: 'api-unavailable' }));
    api.faults.clear();
    expect(await adapter().readDevices(never)).toMatchObject(right({ devices: [] }));
  });

  test('that never ends is given up, and so is one that nobody waits for any more', async () => {
    api.faults.set({ kind: 'slow', ms: 30_000 });
    expect(await adapter({ timeoutMs: 100 }).readDevices(never)).toMatchObject(
      left({ kind: 'api-unavailable', status: null }),
    );
    expect(await adapter().readDevices(AbortSignal.timeout(100))).toEqual(left({ kind: 'cancelled', by: 'shutdown' }));
  });

  test('shows nothing of the key', async () => {
    api.faults.set({ kind: 'status', status: 500 });
    expect(JSON.stringify(await adapter().readDevices(never))).not.toContain(api.apiKey);
  });
});

describe('openBalena', () => {
  test('answers 500 to fields that only balenaCloud has; we ask for none of them', async () => {
    const fleet = api.state.addFleet({ name: 'f', tags: { backupEnabled: 'true' } });
    api.state.addDevice({ fleetId: fleet.id, name: 'device' });
    const headers = { Authorization: `Bearer ${api.apiKey}` };
    for (const field of ['is_active', 'is_frozen', 'location']) {
      expect((await fetch(`${api.url}/v7/device?$select=${field}`, { headers })).status).toBe(500);
    }

    expect((await reading()).devices.map(({ name }) => name)).toEqual(['device']);
    const asked = api.requests.filter(({ path }) => path.includes('device_name')).map(({ path }) => path);
    expect(asked).toHaveLength(1);
    expect(asked[0]).not.toMatch(/is_active|is_frozen|location|overall_status/);
  });
});

describe('the account', () => {
  test('has a name', async () => {
    expect(await adapter().username(never)).toEqual(right('lab_user'));
  });

  test('gets the key once, whatever its comment', async () => {
    const ensure = (publicKey: string): ReturnType<FleetApi['ensureKey']> =>
      adapter().ensureKey({ title: 'balena-backup', publicKey, isNew: true }, never);

    expect(await ensure('ssh-ed25519 AAAA one')).toEqual(right({ added: true, removed: 0 }));
    expect(await ensure('ssh-ed25519 AAAA two')).toEqual(right({ added: false, removed: 0 }));
    expect(api.keys().map((key) => key.publicKey)).toEqual(['ssh-ed25519 AAAA one']);
  });

  const there = [
    ['ours', 'ssh-ed25519 AAAA balena-backup'],
    ['of another title', 'ssh-ed25519 BBBB balena-backup'],
    ['ours', 'ssh-ed25519 CCCC somebody'],
  ] as const;

  test.each([
    { isNew: true, removed: 1, left: ['BBBB', 'CCCC', 'NNNN'] },
    { isNew: false, removed: 0, left: ['AAAA', 'BBBB', 'CCCC', 'NNNN'] },
  ])(
    'loses with a key that is new ($isNew) what was ours and is lost, and no other',
    async ({ isNew, removed, left: kept }) => {
      for (const [title, publicKey] of there) api.state.addKey(title, publicKey);

      const answer = await adapter().ensureKey(
        { title: 'ours', publicKey: 'ssh-ed25519 NNNN balena-backup', isNew },
        never,
      );

      expect(answer).toEqual(right({ added: true, removed }));
      expect(api.keys().map((key) => key.publicKey.split(' ')[1])).toEqual(kept);
    },
  );
});

describe('devices that a person names', () => {
  test('are found by name and by the beginning of the UUID, enabled or not, in the fleets of BACKUP_FLEETS', async () => {
    const ours = api.state.addFleet({ name: 'ours' });
    const other = api.state.addFleet({ name: 'other' });
    const device = api.state.addDevice({ fleetId: ours.id, name: 'one' });
    api.state.addDevice({ fleetId: other.id, name: 'one' });
    const names = async (meant: string, one = adapter()): Promise<readonly string[]> => {
      const found = await one.findDevices(meant, never);
      if (isLeft(found)) throw new Error(JSON.stringify(found.left));
      return found.right.devices.map(({ name, fleet }) => `${fleet.slug} ${name}`);
    };

    expect(await names('one')).toEqual(['lab/ours one', 'lab/other one']);
    expect(await names('one', adapter({ fleets: ['lab/ours'] }))).toEqual(['lab/ours one']);
    expect(await names(device.uuid.slice(0, 7).toUpperCase())).toEqual(['lab/ours one']);
    expect(await names("o'ne")).toEqual([]);
  });
});
