import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isLeft, left, right } from 'fp-ts/Either';
import type { Event } from '../../src/model/event';
import type { HostKeys, Session, Transport } from '../../src/model/ports';
import { Secret } from '../../src/model/secret';
import { createGatewayTransport, type GatewayOptions } from '../../src/transport/gateway';
import { type LabGateway, startGateway } from '../lab/gateway';
import { aDevice } from '../support/desired';
import { until } from '../support/wait';

function newKey(): { readonly privateKey: string; readonly publicKey: string } {
  const folder = mkdtempSync(join(tmpdir(), 'balena-backup-test-key-'));
  try {
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'key')]);
    return {
      privateKey: readFileSync(join(folder, 'key'), 'utf8'),
      publicKey: readFileSync(join(folder, 'key.pub'), 'utf8'),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function hostKeysInMemory(known: Map<string, string>): HostKeys {
  return {
    lookup: (host) => known.get(host) ?? null,
    remember: (host, key) => {
      known.set(host, key);
    },
    forget: (host) => known.delete(host),
  };
}

const key = newKey();
const device = aDevice();
const never = new AbortController().signal;
let gateway: LabGateway;
let accepted: string[];
let connected: boolean;
let known: Map<string, string>;
let events: Event[];
let children: ChildProcess[];
let transport: Transport;

function transportWith(over: Partial<GatewayOptions> = {}): Transport {
  return createGatewayTransport({
    address: { host: '127.0.0.1', port: gateway.port },
    username: () => Promise.resolve(right('lab_user')),
    key: () => Promise.resolve({ privateKey: new Secret(key.privateKey) }),
    hostKeys: hostKeysInMemory(known),
    pinnedHostKey: null,
    emit: (event) => events.push(event),
    limits: { loginPausesMs: [50, 50] },
    ...over,
  });
}

async function opened(one: Transport = transport): Promise<Session> {
  const session = await one.open(device, never);
  if (isLeft(session)) throw new Error(JSON.stringify(session.left));
  return session.right;
}

async function linesOf(session: Session): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const line of session.lines) lines.push(line);
  return lines;
}

beforeEach(async () => {
  accepted = [key.publicKey];
  connected = true;
  known = new Map();
  events = [];
  children = [];
  gateway = await startGateway({
    keysOf: (username) => (username === 'lab_user' ? accepted : []),
    isConnected: () => connected,
    door: {
      open: (_uuid, command) => {
        const child = spawn('sh', ['-c', command], { stdio: 'pipe' });
        children.push(child);
        return child;
      },
    },
  });
  transport = transportWith();
});

afterEach(async () => {
  transport.close();
  await gateway.stop();
});

describe('a session through the gateway', () => {
  test('runs what is sent to it, on one connection and one channel', async () => {
    const session = await opened();
    session.send('{ echo one; printf "two\\nthree"; echo oops >&2; exit 3; }\n');
    expect(await linesOf(session)).toEqual(['one', 'two', 'three']);
    expect(await session.ended).toEqual({ kind: 'closed', failure: null, exitCode: 0, stderrTail: 'oops\n' });
    expect(gateway.counts).toEqual({ connections: 1, channels: 1 });
    await until('the end to be logged', () => events.find((event) => event.event === 'transport.closed'));
  });

  test('carries megabytes in order and cuts lines that are too long', async () => {
    const session = await opened();
    session.send(
      '{ i=0; while [ $i -lt 20000 ]; do echo "line $i of a long text that goes on"; i=$((i+1)); done; head -c 100000 /dev/zero | tr "\\0" x; echo; echo end; exit; }\n',
    );
    const lines = await linesOf(session);
    expect(lines).toHaveLength(20_002);
    expect(lines[19_999]).toBe('line 19999 of a long text that goes on');
    expect(lines[20_000]).toHaveLength(65_536);
    expect(lines[20_001]).toBe('end');
  });

  test('that loses its link says so', async () => {
    const session = await opened();
    session.send('{ echo begun; sleep 600; exit; }\n');
    const lines = linesOf(session);
    await until('the shell', () => (gateway.openChannels() === 1 ? true : null));
    gateway.cut();
    await lines;
    expect((await session.ended).kind).toBe('lost');
  });

  test('to a device that is not connected names the reason, although the exit status is 0', async () => {
    connected = false;
    const session = await opened();
    expect(await linesOf(session)).toEqual([]);
    const end = await session.ended;
    expect(end.exitCode).toBe(0);
    expect(end.failure).toMatchObject({ kind: 'device-unreachable', phase: 'channel' });
  });

  test('ends when it is closed here', async () => {
    const session = await opened();
    session.send('{ echo begun; sleep 600; exit; }\n');
    const lines = linesOf(session);
    session.close();
    await lines;
    expect((await session.ended).kind).toBe('lost');
  });
});

describe('the login', () => {
  test('remembers the host key that it saw first', async () => {
    (await opened()).close();
    expect(known.get(`127.0.0.1:${String(gateway.port)}`)).toBe(gateway.hostKey.split(' ').slice(0, 2).join(' '));
    expect(events.map((event) => event.event)).toContain('hostkey.remembered');
    (await opened()).close();
    expect(events.filter((event) => event.event === 'hostkey.remembered')).toHaveLength(1);
  });

  test('is not tried at a server whose key has changed', async () => {
    known.set(`127.0.0.1:${String(gateway.port)}`, newKey().publicKey.split(' ').slice(0, 2).join(' '));
    expect(await transport.open(device, never)).toMatchObject(left({ kind: 'host-key-changed' }));
    expect(gateway.counts.connections).toBe(0);
  });

  test('a pinned key goes before a remembered one', async () => {
    const pinned = transportWith({ pinnedHostKey: newKey().publicKey.split(' ').slice(0, 2).join(' ') });
    expect(await pinned.open(device, never)).toMatchObject(left({ kind: 'host-key-changed' }));
  });

  test('that is refused is tried again, since a new key takes a moment to be known, then given up', async () => {
    accepted = [];
    let asked = 0;
    const hopeful = transportWith({
      username: () => {
        asked += 1;
        if (asked === 2) accepted = [key.publicKey];
        return Promise.resolve(right('lab_user'));
      },
    });
    (await opened(hopeful)).close();
    expect(asked).toBe(2);
    accepted = [];
    expect(await transportWith().open(device, never)).toMatchObject(left({ kind: 'auth-rejected', who: 'ssh' }));
  });
});

describe('a gateway that is not there', () => {
  let silent: Server;

  beforeEach(async () => {
    silent = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
  });

  afterEach(() => {
    silent.close();
  });

  test('is given up after the time limit of the handshake', async () => {
    const address = silent.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const patient = transportWith({
      address: { host: '127.0.0.1', port },
      limits: { handshakeMs: 100, loginPausesMs: [] },
    });
    expect(await patient.open(device, never)).toMatchObject(left({ kind: 'device-unreachable', phase: 'handshake' }));
  });

  test('is given up at once when nobody listens, the name has no address, or we stop', async () => {
    const port = gateway.port;
    await gateway.stop();
    expect(await transport.open(device, never)).toMatchObject(left({ kind: 'device-unreachable', phase: 'connect' }));
    const nameless = transportWith({ address: { host: 'no-such-host.invalid', port } });
    expect(await nameless.open(device, never)).toMatchObject(left({ kind: 'device-unreachable', phase: 'resolve' }));
    gateway = await startGateway({ keysOf: () => [], isConnected: () => true, door: { open: () => null } });
    const stopped = await transportWith().open(device, AbortSignal.abort());
    expect(stopped).toEqual(left({ kind: 'cancelled', by: 'shutdown' }));
  });
});
