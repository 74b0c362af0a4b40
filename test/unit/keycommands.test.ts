import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openHostKeys } from '../../src/keys/hostkeys';
import { performAccept, performPassphrase } from '../../src/keycommands';
import { openLedger } from '../../src/ledger/ledger';
import { Secret } from '../../src/model/secret';
import type { Settings } from '../../src/model/settings';
import type { Terminal } from '../../src/commands/terminal';
import { type LabApi, startApi } from '../lab/api';
import { newKeyPair } from '../lab/sshserver';
import { startTunnel } from '../lab/tunnel';
import { aUuid } from '../support/desired';
import { aFailure, aNewRun, runThrough } from '../support/ledger';
import { settingsOf } from '../support/settings';
import { startSshd, type TestSshd } from '../support/sshd';
import { aTerminal, type HeardTerminal } from '../support/terminal';

let folder: string;
let settings: Settings;
/** Nothing listens there: whoever asks the API fails. */
const NO_API = 'http://127.0.0.1:1';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'key commands '));
  settings = settingsOf({ stateDir: folder, apiUrl: NO_API });
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

type Heard = HeardTerminal & { readonly code: number };

function callOf(words: readonly string[], ...flags: readonly string[]): Parameters<typeof performAccept>[0] {
  return { words, flags: new Set(flags), values: new Map(), output: 'text' };
}

describe('passphrase', () => {
  async function asked(meant: string, over: Partial<Settings> = {}, columns: number | null = null): Promise<Heard> {
    const terminal = aTerminal({ columns });
    return { ...terminal, code: await performPassphrase(callOf([meant]), { ...settings, ...over }, terminal) };
  }

  test('says it and nothing else, without the API', async () => {
    const { code, said, complained } = await asked(aUuid(1).toUpperCase());

    expect({ code, said, complained }).toEqual({ code: 0, said: ['passphrase of the test'], complained: [] });
  });

  test('says the one that is derived for the device', async () => {
    const one = await asked(aUuid(1), { passphraseMode: 'per-device' });
    const other = await asked(aUuid(2), { passphraseMode: 'per-device' });

    expect(one.said[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(other.said[0]).not.toBe(one.said[0]);
  });

  test('knows the devices of the ledger by name, without the API', async () => {
    const ledger = openLedger(folder);
    runThrough(ledger, aNewRun({ device: aUuid(1), deviceName: 'kitchen' }), aFailure());
    ledger.close();

    const perDevice = { passphraseMode: 'per-device' } as const;
    expect((await asked('kitchen', perDevice)).said).toEqual((await asked(aUuid(1), perDevice)).said);
  });

  test('says nothing on standard output where the device is not known', async () => {
    const { code, said, complained } = await asked('nobody');

    expect({ code, said }).toEqual({ code: 1, said: [] });
    expect(complained.join()).toMatch(/knows no such device/);
  });

  test('tells a person how to use it, beside it', async () => {
    const { said, complained } = await asked(aUuid(1), {}, 80);

    expect(said).toEqual(['passphrase of the test']);
    expect(complained.join('\n')).toContain(`PASSPHRASE="$(balena-backup passphrase ${aUuid(1)})"`);
  });
});

describe('accept-host-key', () => {
  let server: TestSshd;
  let host: string;
  const former = newKeyPair().publicKey;
  const known = (): ReturnType<typeof openHostKeys> => openHostKeys(join(folder, 'known_hosts'));

  beforeEach(async () => {
    server = await startSshd(() => []);
    host = `${server.host}:${String(server.port)}`;
    settings = { ...settings, gateway: server };
  });
  afterEach(() => server.stop());

  interface Answering {
    readonly typed?: string;
    readonly answer?: string | null;
    readonly isSure?: boolean;
    readonly over?: Partial<Settings>;
  }

  async function accepted({ typed = host, answer = null, isSure = false, over = {} }: Answering): Promise<Heard> {
    const asks: Partial<Terminal> = answer === null ? {} : { canAsk: true, ask: () => Promise.resolve(answer) };
    const terminal = aTerminal(asks);
    const call = callOf([typed], ...(isSure ? ['yes'] : []));
    return { ...terminal, code: await performAccept(call, { ...settings, ...over }, terminal) };
  }

  test.each([
    { name: 'a person says yes', given: { answer: 'y' } },
    { name: 'that was said before', given: { isSure: true } },
  ])('remembers the key that the gateway shows when $name', async ({ given }) => {
    known().remember(host, former);

    const { code, said, complained } = await accepted(given);

    expect(code).toBe(0);
    expect(known().lookup(host)).toBe(server.hostKey);
    expect(complained.join('\n')).toMatch(/had the key SHA256:\S+ \(ssh-ed25519\)[^]*shows the key SHA256:/);
    expect(said.join()).toMatch(/is trusted with the key SHA256:/);
    expect(server.counts.connections).toBe(0);
  });

  test.each([
    { name: 'a person says no', given: { answer: '' }, says: /Nothing was changed\./ },
    { name: 'nobody can be asked', given: {}, says: /type the same with --yes/ },
  ])('changes nothing when $name', async ({ given, says }) => {
    known().remember(host, former);

    const { code, complained } = await accepted(given);

    expect(code).toBe(5);
    expect(known().lookup(host)).toBe(former);
    expect(complained.join('\n')).toMatch(says);
  });

  test('has nothing to ask where the key is the same', async () => {
    known().remember(host, server.hostKey);

    expect(await accepted({})).toMatchObject({
      code: 0,
      said: [expect.stringMatching(/still shows that key/) as string],
    });
  });

  test('remembers a first key before any run does', async () => {
    expect((await accepted({ isSure: true })).code).toBe(0);
    expect(known().lookup(host)).toBe(server.hostKey);
  });

  test('remembers nothing where the key is pinned, and says what to set', async () => {
    const { code, complained } = await accepted({ isSure: true, over: { gatewayHostKey: former } });

    expect(code).toBe(5);
    expect(known().lookup(host)).toBeNull();
    expect(complained.at(-1)).toContain(`SSH_GATEWAY_HOST_KEY=${server.hostKey}`);
    expect((await accepted({ over: { gatewayHostKey: server.hostKey } })).code).toBe(0);
  });

  test('gives 3 where nobody answers', async () => {
    const nowhere = { host: '127.0.0.1', port: 1 };

    const { code, complained } = await accepted({ typed: '127.0.0.1:1', over: { gateway: nowhere } });

    expect(code).toBe(3);
    expect(complained.at(-1)).toMatch(/shows no key now\. .*ECONNREFUSED.*\. See that it can be reached from here\.$/);
  });

  test.each(['other.example.com', '-x', 'a b', 'f'.repeat(32)])(
    'does not know %j, and says what it knows',
    async (typed) => {
      const { code, complained } = await accepted({ typed, isSure: true });

      expect(code).toBe(2);
      expect(complained.join()).toContain(host);
    },
  );

  describe('of a device, through the tunnel', () => {
    let api: LabApi;
    beforeEach(async () => {
      api = await startApi();
    });
    afterEach(() => api.stop());

    test('remembers what the device shows', async () => {
      const fleet = api.state.addFleet({ name: 'home' });
      const { uuid } = api.state.addDevice({ fleetId: fleet.id, name: 'kitchen' });
      const tunnel = await startTunnel({ host: '127.0.0.1', tls: false, accepts: () => true, addressOf: () => server });
      const typed = `${uuid}.balena:22222`;
      const apiKey = new Secret(api.apiKey);
      const over = { apiUrl: api.url, apiKey, transports: ['tunnel'], tunnel, tunnelTls: false } as const;
      known().remember(typed, former);

      const { code } = await accepted({ typed, isSure: true, over });
      await tunnel.stop();

      expect(code).toBe(0);
      expect(known().lookup(typed)).toBe(server.hostKey);
    });

    test('is refused where no way leads to devices themselves', async () => {
      const { code, complained } = await accepted({ typed: `${aUuid(1)}.balena` });

      expect(code).toBe(2);
      expect(complained.join()).toContain('DEVICE_TRANSPORT');
    });
  });
});
