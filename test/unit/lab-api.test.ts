import { type LabApi, startApi } from '../lab/api';

let api: LabApi;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.stop());

async function get(path: string, token = api.apiKey): Promise<{ status: number; text: string; headers: Headers }> {
  const response = await fetch(`${api.url}${path}`, { headers: { Authorization: `Bearer ${token}` } });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

async function query(path: string): Promise<unknown> {
  const { text } = await get(`/v7/${path}`);
  return JSON.parse(text);
}

function threeDevices(): void {
  const plain = api.state.addFleet({ name: 'plain' });
  const tagged = api.state.addFleet({ name: 'tagged', tags: { backupEnabled: 'true' } });
  api.state.addDevice({ fleetId: plain.id, name: 'one', tags: { backupEnabled: 'true' } });
  api.state.addDevice({ fleetId: tagged.id, name: 'two' });
  api.state.addDevice({ fleetId: plain.id, name: 'three', tags: { other: 'x' } });
}

const NAMES = '$select=device_name&$orderby=id asc';

describe('the lab API answers OData queries', () => {
  test.each([
    ['any() over a device tag', "device_tag/any(t:t/tag_key eq 'backupEnabled')", ['one']],
    ['any() through the fleet', "belongs_to__application/application_tag/any(t:t/tag_key eq 'backupEnabled')", ['two']],
    ['any() within any()', "belongs_to__application/any(a:a/application_tag/any(t:t/value eq 'true'))", ['two']],
    [
      'or',
      "device_tag/any(t:t/tag_key eq 'backupEnabled') or belongs_to__application/application_tag/any(t:t/tag_key eq 'backupEnabled')",
      ['one', 'two'],
    ],
    ['and within any()', "device_tag/any(t:(t/tag_key eq 'other') and (t/value eq 'true'))", []],
    ['not', "not(device_name eq 'one')", ['two', 'three']],
    ['in', "device_name in ('one','three')", ['one', 'three']],
    ['a path through a to-one link', "belongs_to__application/slug eq 'lab/plain'", ['one', 'three']],
    ['startswith', "startswith(device_name,'t')", ['two', 'three']],
  ])('%s', async (_name, filter, expected) => {
    threeDevices();

    const answer = await query(`device?$filter=${encodeURI(filter)}&${NAMES}`);

    expect(answer).toEqual({ d: expected.map((name) => ({ device_name: name })) });
  });

  test('gt, $top and $orderby give one page after another', async () => {
    threeDevices();
    const first = await query('device?$select=id&$orderby=id asc&$top=1');

    const next = await query('device?$select=device_name&$filter=id gt 1003&$orderby=id asc&$top=1');

    expect(first).toEqual({ d: [{ id: 1003 }] });
    expect(next).toEqual({ d: [{ device_name: 'two' }] });
  });

  test('expanded links are arrays, with their own selection', async () => {
    threeDevices();

    const answer = await query(
      'device?$select=device_name&$top=1&$expand=device_tag($select=tag_key,value),belongs_to__application($select=slug;$expand=application_tag($select=tag_key))',
    );

    const one = {
      device_name: 'one',
      device_tag: [{ tag_key: 'backupEnabled', value: 'true' }],
      belongs_to__application: [{ slug: 'lab/plain', application_tag: [] }],
    };
    expect(answer).toEqual({ d: [one] });
  });

  test('a link that is not expanded is given by its id', async () => {
    threeDevices();

    const answer = await query('device?$select=device_name,belongs_to__application&$top=1');

    expect(answer).toEqual({ d: [{ device_name: 'one', belongs_to__application: { __id: 1001 } }] });
  });

  test.each(['is_active', 'is_frozen', 'location'])('%s, which openBalena does not have, is a 500', async (field) => {
    threeDevices();

    expect(await get(`/v7/device?$select=${field}`)).toMatchObject({ status: 500 });
  });

  test('an empty filter is a 400', async () => {
    expect(await get('/v7/device?$filter=')).toMatchObject({ status: 400 });
  });
});

describe('the lab API lets in who has the token', () => {
  test('a wrong token is a 401', async () => {
    expect(await get('/actor/v1/whoami', 'wrong')).toMatchObject({ status: 401 });
  });

  test('a changed token counts at once', async () => {
    const former = api.apiKey;

    api.setApiKey('another');

    expect(await get('/actor/v1/whoami', former)).toMatchObject({ status: 401 });
    expect(await get('/actor/v1/whoami', 'another')).toMatchObject({ status: 200 });
  });
});

describe('the lab API has faults', () => {
  test('a status with Retry-After, for one request', async () => {
    api.faults.set({ kind: 'status', status: 429, retryAfter: '7' }, { times: 1 });

    const spoiled = await get('/v7/device');
    const after = await get('/v7/device');

    expect(spoiled.status).toBe(429);
    expect(spoiled.headers.get('retry-after')).toBe('7');
    expect(after.status).toBe(200);
  });

  test('a body that is cut off', async () => {
    api.faults.set({ kind: 'cut-off' });

    await expect(get('/v7/device')).rejects.toThrow();
  });

  test('a fault stays until it is cleared, and only for its path', async () => {
    api.faults.set({ kind: 'not-json' }, { path: 'device' });
    expect((await get('/v7/device')).text).toContain('<html>');
    expect((await get('/v7/device')).text).toContain('<html>');
    expect((await get('/v7/application')).text).toBe('{"d":[]}');

    api.faults.clear();

    expect((await get('/v7/device')).text).toBe('{"d":[]}');
  });
});

describe('the lab API keeps the public keys of the user', () => {
  async function add(title: string, key: string): Promise<number> {
    const body = JSON.stringify({ title, public_key: key, user: 7 });
    const headers = { Authorization: `Bearer ${api.apiKey}`, 'Content-Type': 'application/json' };
    return (await fetch(`${api.url}/v7/user__has__public_key`, { method: 'POST', body, headers })).status;
  }

  test('the same text twice is a 409, another comment is another key', async () => {
    expect(await add('a', 'ssh-ed25519 AAAA one')).toBe(201);
    expect(await add('b', 'ssh-ed25519 AAAA one')).toBe(409);
    expect(await add('c', 'ssh-ed25519 AAAA two')).toBe(201);

    expect(api.keys().map((key) => key.title)).toEqual(['a', 'c']);
  });

  test('a device reads them as lines', async () => {
    await add('a', 'ssh-ed25519 AAAA one');
    await add('b', 'ssh-ed25519 AAAB two');

    const response = await fetch(`${api.url}/auth/v1/public-keys/LAB_USER`);

    expect(await response.text()).toBe('ssh-ed25519 AAAA one\nssh-ed25519 AAAB two');
  });
});
