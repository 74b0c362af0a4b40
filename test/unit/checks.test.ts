import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { left, right } from 'fp-ts/Either';
import { clockCheck } from '../../src/checks/clock';
import { collectorCheck, type CollectorTrial, noDevice } from '../../src/checks/collector';
import { keysDirCheck, stateCheck } from '../../src/checks/folders';
import { imageCheck } from '../../src/checks/image';
import { tagsCheck } from '../../src/checks/tags';
import { wayCheck, type WayTools } from '../../src/checks/ways';
import { exposureOf } from '../../src/keys/statefile';
import { instantOf } from '../../src/model/brand';
import { type Check, type Finding, warn } from '../../src/model/finding';
import { parseImageName } from '../../src/model/image';
import { resolveDesired } from '../../src/model/resolve';
import { aDevice, aUuid, tagsOf } from '../support/desired';
import { settingsOf } from '../support/settings';

const never = new AbortController().signal;
const limitMs = 5000;

function states(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ state }) => state);
}

function found(check: Check): Promise<readonly Finding[]> {
  return check.examine(never);
}

describe('the clock', () => {
  const now = 1_700_000_000_000;
  const minutes = (n: number): number => now + n * 60_000;
  const clock = (apiTime: number | null, latest: number | null = null): Promise<readonly Finding[]> =>
    found(
      clockCheck({
        limitMs,
        now: () => now,
        apiTime: () => Promise.resolve(apiTime),
        latest: () => (latest === null ? null : instantOf(latest)),
      }),
    );

  test.each([
    { name: 'agrees', theirs: now + 900, expected: ['ok'] },
    { name: 'is two minutes behind', theirs: minutes(2), expected: ['warn'] },
    { name: 'is ten minutes ahead', theirs: minutes(-10), expected: ['bad'] },
    { name: 'cannot be compared', theirs: null, expected: ['warn'] },
  ])('that $name is $expected', async ({ theirs, expected }) => {
    expect(states(await clock(theirs))).toEqual(expected);
  });

  test('that is behind what the ledger has seen is bad, even where it agrees', async () => {
    const [first] = await clock(now, minutes(90));

    expect(first).toMatchObject({ state: 'bad', why: expect.stringContaining('1 h 30 min ahead of it') as string });
    expect(states(await clock(now, minutes(-90)))).toEqual(['ok']);
  });
});

describe('folders', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'checks test '));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const state = (stateDir: string, readLedger: () => unknown = () => null): Promise<readonly Finding[]> =>
    found(stateCheck({ stateDir, keysFolder: join(stateDir, 'keys'), limitMs, exposureOf, readLedger }));

  test('that are there, or can be made, are well', async () => {
    expect(states(await state(folder))).toEqual(['ok']);
    expect(states(await state(join(folder, 'not', 'yet')))).toEqual(['ok']);
  });

  test('that cannot be written say which variable names them', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const [stateDir] = await state(file);
    const [keysDir] = await found(keysDirCheck({ keysDir: join(file, 'below'), limitMs, isNeeded: true }));

    expect(stateDir).toMatchObject({ state: 'bad', fix: expect.stringContaining('STATE_DIR') as string });
    expect(keysDir).toMatchObject({ state: 'bad', fix: expect.stringContaining('KEYS_DIR') as string });
    expect(states(await found(keysDirCheck({ keysDir: file, limitMs, isNeeded: false })))).toEqual(['ok']);
  });

  test('with a key that others can read say how to close it', async () => {
    mkdirSync(join(folder, 'keys'), { mode: 0o700 });
    const key = join(folder, 'keys', 'fleet');
    writeFileSync(key, 'x');
    chmodSync(key, 0o644);

    expect(await state(folder)).toMatchObject([
      { state: 'bad', fix: expect.stringContaining(`chmod go-rwx ${key}`) as string },
    ]);
  });

  test('with a ledger that cannot be read say so', async () => {
    const damaged = (): never => {
      throw new Error('the ledger is damaged. Nothing was changed. Bring back a copy of it');
    };

    expect(await state(folder, damaged)).toEqual([
      { state: 'bad', why: 'the ledger is damaged', fix: 'Nothing was changed. Bring back a copy of it' },
    ]);
  });
});

describe('the name of an image', () => {
  test.each([
    ['balena-backup/duplicity:1.0', { registry: null, repository: 'balena-backup/duplicity', reference: '1.0' }],
    ['duplicity', { registry: null, repository: 'duplicity', reference: 'latest' }],
    ['localhost/a', { registry: 'localhost', repository: 'a', reference: 'latest' }],
    ['example.com:5000/a/b:2', { registry: 'example.com:5000', repository: 'a/b', reference: '2' }],
    ['127.0.0.1:5000/a', { registry: '127.0.0.1:5000', repository: 'a', reference: 'latest' }],
    [
      `example.com/a:1@sha256:${'0'.repeat(64)}`,
      { registry: 'example.com', repository: 'a', reference: `sha256:${'0'.repeat(64)}` },
    ],
    ['', null],
    ['-x', null],
  ])('%j', (text, expected) => {
    expect(parseImageName(text)).toEqual(expected);
  });
});

describe('the image', () => {
  let server: Server;
  let status = 200;
  beforeEach(async () => {
    server = createServer((request, response) => {
      response.writeHead(request.url === '/v2/a/b/manifests/1' ? status : 404).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  const host = (): string => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? `127.0.0.1:${String(address.port)}` : '';
  };
  const image = (name: string): Promise<readonly Finding[]> => found(imageCheck({ image: name, limitMs, fetch }));

  test.each([
    { answer: 200, expected: 'ok' },
    { answer: 404, expected: 'bad' },
    { answer: 401, expected: 'warn' },
    { answer: 500, expected: 'warn' },
  ])('whose registry answers $answer is $expected', async ({ answer, expected }) => {
    status = answer;
    expect(states(await image(`${host()}/a/b:1`))).toEqual([expected]);
  });

  test('whose registry cannot be reached from here is not said to be missing', async () => {
    expect(states(await image('127.0.0.1:1/a:1'))).toEqual(['warn']);
  });

  test("at the engines' own registry is not asked for", async () => {
    expect(states(await image('balena-backup/duplicity:1'))).toEqual(['ok']);
  });

  test('is found with a token that everybody is given', async () => {
    const asked: string[] = [];
    const registry = (input: Parameters<typeof fetch>[0], init?: RequestInit): Promise<Response> => {
      const url = input instanceof Request ? input.url : input.toString();
      asked.push(url);
      if (url.startsWith('https://auth.example.com/')) return Promise.resolve(Response.json({ token: 'for-all' }));
      const isIn = new Headers(init?.headers).get('authorization') === 'Bearer for-all';
      const wanted = 'Bearer realm="https://auth.example.com/token",service="registry",scope="repository:a:pull"';
      return Promise.resolve(
        isIn ? new Response() : new Response(null, { status: 401, headers: { 'www-authenticate': wanted } }),
      );
    };

    expect(states(await found(imageCheck({ image: 'example.com/a:1', limitMs, fetch: registry })))).toEqual(['ok']);
    expect(asked[1]).toBe('https://auth.example.com/token?service=registry&scope=repository%3Aa%3Apull');
  });
});

describe('a way to devices', () => {
  const way = (tried: Awaited<ReturnType<WayTools['login']>>): Promise<readonly Finding[]> =>
    found(wayCheck({ kind: 'tunnel', limitMs, login: () => Promise.resolve(tried) }));
  const host = `${aUuid(1)}.balena:22222`;

  test.each([
    { name: 'is open', tried: right({ host, fingerprint: 'SHA256:x', isKnown: true }), state: 'ok', fix: null },
    {
      name: 'has a host key that nobody has looked at',
      tried: right({ host, fingerprint: 'SHA256:x', isKnown: false }),
      state: 'warn',
      fix: expect.stringContaining(`accept-host-key ${host}`) as string,
    },
    {
      name: 'is closed',
      tried: left({ kind: 'device-unreachable', phase: 'connect', detail: 'it answered 503' } as const),
      state: 'bad',
      fix: expect.stringContaining('TUNNEL_SERVER') as string,
    },
    {
      name: 'takes too long',
      tried: left({ kind: 'timed-out', phase: 'connecting', limitMs: 1 } as const),
      state: 'bad',
      fix: expect.stringContaining('TUNNEL_SERVER') as string,
    },
    {
      name: 'refuses our key',
      tried: left({ kind: 'auth-rejected', who: 'ssh', detail: 'no' } as const),
      state: 'bad',
      fix: expect.stringContaining('SSH keys of the balena account') as string,
    },
    { name: 'cannot be tried', tried: warn('no device', 'Add one.'), state: 'warn', fix: 'Add one.' },
  ])('that $name is $state', async ({ tried, state, fix }) => {
    expect(await way(tried)).toMatchObject([{ state, fix }]);
  });
});

describe('collectors', () => {
  const trial = (server: string, read: CollectorTrial['read']): CollectorTrial => ({
    server,
    deviceName: 'kitchen',
    read,
  });

  test('are each tried, and told by name', async () => {
    const refused = { kind: 'store-unavailable', detail: 'Host key verification failed' } as const;
    const trials = [
      trial('one:22', () => Promise.resolve(right(3))),
      trial('two:22', () => Promise.resolve(left(refused))),
    ];

    expect(await found(collectorCheck({ limitMs, trials: () => Promise.resolve(trials) }))).toMatchObject([
      { state: 'ok', why: expect.stringMatching(/^one:22 .* 3 files of kitchen$/) as string },
      { state: 'bad', why: expect.stringMatching(/^two:22: .*Host key verification failed/) as string },
    ]);
  });

  test('that nobody sends to are none', async () => {
    expect(states(await found(collectorCheck({ limitMs, trials: () => Promise.resolve([]) })))).toEqual(['ok']);
    expect(states(await found(collectorCheck({ limitMs, trials: () => Promise.resolve(noDevice) })))).toEqual(['warn']);
  });
});

describe('tags', () => {
  const settings = settingsOf({ selfUuid: aUuid(9) });
  const tags = (...each: readonly Readonly<Record<string, string>>[]): Promise<readonly Finding[]> => {
    const devices = each.map((own, n) =>
      aDevice({ uuid: aUuid(n + 1), name: `device-${String(n + 1)}`, tags: tagsOf(own) }),
    );
    const survey = (): ReturnType<Parameters<typeof tagsCheck>[0]['survey']> =>
      Promise.resolve(right({ devices, unreadable: [] }));
    return found(tagsCheck({ survey, surveyMs: limitMs, resolve: (all) => resolveDesired(all, settings) }));
  };
  const enabled = { backupEnabled: 'true' };

  test('that are right are counted', async () => {
    expect(await tags(enabled, enabled, {})).toMatchObject([
      { state: 'ok', why: expect.stringMatching(/^2 devices/) as string },
    ]);
  });

  test('that nobody has are a warning', async () => {
    expect(states(await tags({}))).toEqual(['warn']);
  });

  test('that are misspelt are told once, with who has them', async () => {
    const findings = await tags(...Array.from({ length: 5 }, () => ({ backupenabled: 'true' })));

    expect(findings[0]).toMatchObject({ state: 'bad', fix: 'Name it backupEnabled.' });
    expect(findings[0]?.why).toMatch(/"backupenabled" of device \S+ \(device-1\), .* and 2 more is not read/);
    expect(states(findings)).toEqual(['bad', 'warn']);
  });

  test('that cannot be read are told for each device, up to a number', async () => {
    const findings = await tags(
      enabled,
      ...Array.from({ length: 15 }, () => ({ ...enabled, backupSchedule: 'often' })),
    );

    expect(findings).toHaveLength(12);
    expect(findings[0]?.why).toMatch(/device \S+ \(device-2\) is not backed up: the device's tag backupSchedule: /);
    expect(findings[10]?.why).toBe('and 5 more such findings');
  });

  test("on the orchestrator's own device, which is left out on purpose, are no more than a warning", async () => {
    const findings = await tags(...Array.from({ length: 8 }, () => ({})), enabled);

    expect(findings[0]).toMatchObject({ state: 'warn', why: expect.stringContaining('BACKUP_SELF') as string });
    expect(states(await tags({ backupEnabled: 'yes' }))).toEqual(['bad', 'warn']);
  });
});
