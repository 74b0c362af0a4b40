import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performDoctor } from '../../src/doctor';
import { openHostKeys } from '../../src/keys/hostkeys';
import { openKeys } from '../../src/keys/keys';
import { Secret } from '../../src/model/secret';
import type { Settings } from '../../src/model/settings';
import { type LabApi, startApi } from '../lab/api';
import { type LabGateway, startGateway } from '../lab/gateway';
import { newKeyPair } from '../lab/sshserver';
import { settingsOf } from '../support/settings';
import { aTerminal } from '../support/terminal';

let api: LabApi;
let gateway: LabGateway;
let folder: string;
let settings: Settings;

beforeEach(async () => {
  api = await startApi();
  gateway = await startGateway({
    keysOf: (username) => (username === api.username ? api.keys().map(({ publicKey }) => publicKey) : []),
    isConnected: () => true,
    door: { open: () => null },
  });
  folder = mkdtempSync(join(tmpdir(), 'doctor test '));
  const fleet = api.state.addFleet({ name: 'home' });
  api.state.addDevice({ fleetId: fleet.id, name: 'kitchen', tags: { backupEnabled: 'true' } });
  settings = settingsOf({
    stateDir: join(folder, 'state'),
    keysDir: join(folder, 'keys'),
    apiUrl: api.url,
    apiKey: new Secret(api.apiKey),
    gateway,
    gatewayHostKey: gateway.hostKey,
    secrets: [new Secret(api.apiKey)],
  });
  const { publicKey } = await openKeys(settings).fleetKey();
  api.state.addKey('ours', publicKey);
});

afterEach(async () => {
  await Promise.all([api.stop(), gateway.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

interface Told {
  readonly what: string;
  readonly state: string;
  readonly why: string;
  readonly fix: string | null;
}

async function told(
  over: Partial<Settings> = {},
): Promise<{ readonly code: number; readonly checks: readonly Told[] }> {
  const terminal = aTerminal();
  const call = { words: [], flags: new Set<string>(), values: new Map<string, string>(), output: 'json' } as const;
  const code = await performDoctor(call, { ...settings, ...over }, terminal);
  const { checks } = JSON.parse(terminal.said.join('')) as { readonly checks: readonly Told[] };
  return { code, checks };
}

function of(checks: readonly Told[], what: string): readonly Told[] {
  return checks.filter((check) => check.what === what);
}

describe('doctor', () => {
  test('finds nothing bad where all is well, and changes nothing', async () => {
    const known = openHostKeys(join(settings.stateDir, 'known_hosts'));

    const { code, checks } = await told();

    expect(checks.filter(({ state }) => state !== 'ok').map(({ what }) => what)).toEqual(['controller']);
    expect(code).toBe(0);
    expect(of(checks, 'API')[0]?.why).toContain(`${api.username}'s and sees 1 device in 1 fleet`);
    expect(api.keys()).toHaveLength(1);
    expect(known.lookup(`${gateway.host}:${String(gateway.port)}`)).toBeNull();
    expect(gateway.counts).toEqual({ connections: 1, channels: 0 });
  });

  test('takes no account for granted in a new STATE_DIR, and makes no key there', async () => {
    const { code, checks } = await told({ stateDir: join(folder, 'other') });

    expect(code).toBe(0);
    expect([...of(checks, 'fleet key'), ...of(checks, 'gateway')].map(({ state }) => state)).toEqual(['warn', 'warn']);
  });

  test('says that the key is refused, and what that stops', async () => {
    const { code, checks } = await told({ apiKey: new Secret('wrong') });

    expect(code).toBe(1);
    expect(of(checks, 'API')).toMatchObject([
      { state: 'bad', why: expect.stringMatching(/CLI_API_KEY was refused/) as string },
    ]);
    expect(of(checks, 'tags')[0]?.state).toBe('warn');
  });

  test('says that nobody answers at the API', async () => {
    const { checks } = await told({ apiUrl: 'http://127.0.0.1:1' });

    expect(of(checks, 'API')).toMatchObject([{ state: 'bad', why: expect.stringMatching(/gave no answer/) as string }]);
    expect(of(checks, 'clock')[0]?.state).toBe('warn');
  });

  test('says that our key is gone from the account, and that the gateway refuses it', async () => {
    for (const { id } of api.keys()) api.removeKey(id);

    const { checks } = await told();

    expect(of(checks, 'fleet key')[0]).toMatchObject({ state: 'bad', fix: expect.stringMatching(/Restart/) as string });
    expect(of(checks, 'gateway')[0]).toMatchObject({ state: 'bad', why: expect.stringMatching(/refused/) as string });
  });

  test('says that the gateway has another host key than is pinned', async () => {
    const { checks } = await told({ gatewayHostKey: newKeyPair().publicKey });

    expect(of(checks, 'gateway')[0]).toMatchObject({
      state: 'bad',
      why: expect.stringMatching(/showed the host key SHA256:/) as string,
      fix: expect.stringMatching(/accept-host-key 127/) as string,
    });
  });

  test('warns of a gateway whose host key nobody has looked at', async () => {
    const { checks } = await told({ gatewayHostKey: null });

    expect(of(checks, 'gateway')[0]).toMatchObject({
      state: 'warn',
      fix: expect.stringMatching(/accept-host-key/) as string,
    });
  });

  test('says that no gateway answers', async () => {
    const { checks } = await told({ gateway: { host: '127.0.0.1', port: 1 } });

    expect(of(checks, 'gateway')[0]).toMatchObject({
      state: 'bad',
      fix: expect.stringMatching(/SSH_GATEWAY/) as string,
    });
  });

  test('says that a key lies open', async () => {
    chmodSync(join(settings.stateDir, 'keys', 'fleet'), 0o644);

    const { code, checks } = await told();

    expect(code).toBe(1);
    expect(of(checks, 'STATE_DIR')[0]?.fix).toMatch(/chmod go-rwx/);
  });

  test('tells of each fleet of BACKUP_FLEETS that is not there', async () => {
    const { checks } = await told({ fleets: ['lab/home', 'lab/hoem'] });

    expect(of(checks, 'API').map(({ state }) => state)).toEqual(['ok', 'warn']);
    expect(of(checks, 'API')[1]?.why).toContain('lab/hoem');
  });
});
