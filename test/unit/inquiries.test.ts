import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { INQUIRIES } from '../../src/inquiries';
import { openLedger } from '../../src/ledger/ledger';
import { Secret } from '../../src/model/secret';
import { type LabApi, startApi } from '../lab/api';
import { aNewRun, aFailure, runThrough } from '../support/ledger';
import { settingsOf } from '../support/settings';
import { aTerminal, type HeardTerminal } from '../support/terminal';

let api: LabApi;
let stateDir: string;

beforeEach(async () => {
  api = await startApi();
  stateDir = mkdtempSync(join(tmpdir(), 'inquiries test '));
  const fleet = api.state.addFleet({ name: 'home' });
  api.state.addDevice({
    fleetId: fleet.id,
    name: 'kitchen',
    tags: { backupEnabled: 'true', backupSchedule: '@monthly' },
  });
  api.state.addDevice({ fleetId: fleet.id, name: 'office' });
  api.state.addDevice({ fleetId: fleet.id, name: 'twin' });
  api.state.addDevice({ fleetId: fleet.id, name: 'twin' });
});

afterEach(async () => {
  await api.stop();
  rmSync(stateDir, { recursive: true, force: true });
});

async function asked(
  name: keyof typeof INQUIRIES,
  words: readonly string[],
  { output = 'text', apiKey = api.apiKey }: { readonly output?: 'text' | 'json'; readonly apiKey?: string } = {},
): Promise<HeardTerminal & { readonly code: number }> {
  const terminal = aTerminal();
  const call = { words, flags: new Set<string>(), values: new Map<string, string>(), output };
  const secrets = [new Secret('hidden-secret')];
  const settings = settingsOf({ stateDir, apiUrl: api.url, apiKey: new Secret(apiKey), secrets });
  const code = await INQUIRIES[name](call, settings, terminal);
  return { ...terminal, code };
}

describe('what is asked of the real API client', () => {
  it('plan tells of the enabled devices, or of one that is meant', async () => {
    const all = await asked('plan', []);
    const one = await asked('plan', ['office']);

    expect([all.code, one.code]).toEqual([0, 0]);
    expect(all.said.join('\n')).toMatch(/^1 device: 0 due, 0 held, 1 not due[^]*kitchen/);
    expect(one.said.join('\n')).toMatch(/^1 device: .* 1 not enabled[^]*office/);
    expect(all.complained).toEqual([expect.stringMatching(/^No controller runs on this STATE_DIR/)]);
  });

  it('why explains a device that no pass has seen', async () => {
    const { code, said } = await asked('why', ['office']);

    expect(code).toBe(0);
    expect(said.join('\n')).toMatch(/Is it enabled\? No: [^]*It has no runs yet/);
  });

  it.each([
    { words: ['nobody'], says: /No device is called "nobody"/ },
    { words: ['twin'], says: /"twin" can mean 2 devices/ },
  ])('$words is refused with 2 and what to write', async ({ words, says }) => {
    for (const name of ['why', 'history'] as const) {
      const { code, said, complained } = await asked(name, words);

      expect({ code, said }).toEqual({ code: 2, said: [] });
      expect(complained.join('\n')).toMatch(says);
    }
  });

  it('a key that the API refuses is told, and what the ledger remembers', async () => {
    const ledger = openLedger(stateDir);
    runThrough(ledger, aNewRun({ deviceName: 'kitchen' }), aFailure());
    ledger.close();
    const { code, said, complained } = await asked('status', [], { apiKey: 'wrong' });

    expect(code).toBe(0);
    expect(said.join('\n')).toMatch(/kitchen/);
    expect(complained[0]).toMatch(/CLI_API_KEY was refused/);
  });

  it('history needs no API where the ledger knows the device, and shows no secret', async () => {
    const ledger = openLedger(stateDir);
    const failure = { kind: 'store-unavailable', detail: 'hidden-secret' } as const;
    const outcome = { kind: 'failed', failure, tail: ['with hidden-secret in it'] } as const;
    runThrough(ledger, aNewRun({ deviceName: 'kitchen' }), aFailure({ outcome }));
    ledger.close();
    const before = api.requests.length;
    const text = await asked('history', ['kitchen']);
    const json = await asked('history', ['kitchen'], { output: 'json' });

    expect(api.requests.length).toBe(before);
    expect(text.said.join('\n')).toMatch(/store-unavailable[^]*\| with \[secret\] in it/);
    expect([...text.said, ...json.said].join('\n')).not.toContain('hidden-secret');
  });
});
