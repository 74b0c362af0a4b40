import { isLeft, left } from 'fp-ts/Either';
import type { Failure } from '../../src/model/failure';
import type { Session, Transport } from '../../src/model/ports';
import { Secret } from '../../src/model/secret';
import { createTunnelTransport, type TunnelOptions } from '../../src/transport/tunnel';
import { type LabTunnel, startTunnel, type TunnelFault } from '../lab/tunnel';
import { aDevice } from '../support/desired';
import { startSshd, type TestSshd } from '../support/sshd';
import { type Account, accountKey, anAccount, linesOf, never, opened } from '../support/transportsuite';
import { until } from '../support/wait';

const TOKEN = 'api-key:with/odd+characters';
const device = aDevice();
let account: Account;
let sshd: TestSshd;
let tunnel: LabTunnel;
let connected: boolean;
const transports: Transport[] = [];

function transportWith(over: Partial<TunnelOptions> = {}): Transport {
  const transport = createTunnelTransport({
    ...account.options,
    address: tunnel,
    tls: true,
    ca: tunnel.ca,
    token: new Secret(TOKEN),
    ...over,
  });
  transports.push(transport);
  return transport;
}

async function failureOf(transport: Transport): Promise<Failure> {
  const session = await transport.open(device, never);
  if (!isLeft(session)) throw new Error('it was opened');
  await until('the link to be gone', () => (tunnel.openConnections() === 0 ? true : null));
  return session.left;
}

async function answersOver(session: Session): Promise<readonly string[]> {
  session.send('{ echo here; exit; }\n');
  return linesOf(session);
}

beforeAll(async () => {
  sshd = await startSshd(() => [accountKey.publicKey]);
  tunnel = await startTunnel({
    tls: true,
    accepts: (token) => token === TOKEN,
    addressOf: () => (connected ? sshd : null),
  });
});

beforeEach(() => {
  account = anAccount('lab_user');
  connected = true;
  tunnel.fault = null;
});

afterEach(() => {
  for (const transport of transports.splice(0)) transport.close();
});

afterAll(async () => {
  await tunnel.stop();
  await sshd.stop();
});

describe('the tunnel server', () => {
  test('is asked for the SSH server of the device', async () => {
    const since = tunnel.requests.length;
    expect(await answersOver(await opened(transportWith(), device))).toEqual(['here']);
    expect(tunnel.requests.slice(since)).toEqual([`${device.uuid}.balena:22222`]);
  });

  test.each([
    { name: 'byte by byte', fault: { kind: 'slow', pauseMs: 5 } },
    { name: "in one packet with the device's first words", fault: { kind: 'one-packet' } },
  ] as const)('may answer $name: nothing of what is behind the header is lost', async ({ fault }) => {
    tunnel.fault = fault;
    expect(await answersOver(await opened(transportWith(), device))).toEqual(['here']);
  });

  test('that refuses the API key is told from all other trouble, and the key is in no word of it', async () => {
    const failure = await failureOf(transportWith({ token: new Secret('a-wrong-key') }));
    expect(failure).toMatchObject({ kind: 'auth-rejected', who: 'api' });
    expect(JSON.stringify([failure, account.events])).not.toMatch(/a-wrong-key|YS13cm9uZy1rZXk/);
  });

  test('that has no link to the device says so', async () => {
    connected = false;
    expect(await failureOf(transportWith())).toMatchObject({
      kind: 'device-unreachable',
      phase: 'connect',
      detail: expect.stringContaining('503: the device is not connected to balena') as unknown,
    });
  });

  test.each<{ fault: TunnelFault; says: RegExp }>([
    { fault: { kind: 'status', status: 400 }, says: /answered 400: it did not understand/ },
    { fault: { kind: 'status', status: 403 }, says: /answered 403: it does not serve this name/ },
    { fault: { kind: 'status', status: 404 }, says: /answered 404: .*TUNNEL_SERVER and BALENA_API_URL/ },
    { fault: { kind: 'status', status: 500 }, says: /answered 500: it has trouble of its own/ },
    { fault: { kind: 'status', status: 302 }, says: /answered 302: it has trouble of its own/ },
    { fault: { kind: 'text', text: 'SSH-2.0-OpenSSH_9.2\r\n' }, says: /not as a tunnel server does/ },
    {
      fault: { kind: 'text', text: `HTTP/1.0 200 OK\r\nX: ${'x'.repeat(20_000)}` },
      says: /not as a tunnel server does/,
    },
    { fault: { kind: 'text', text: 'HTTP/1.0 2000 OK\r\n\r\n' }, says: /not as a tunnel server does/ },
    { fault: { kind: 'close' }, says: /closed the connection without an answer/ },
  ])('with the fault $fault is told in words of its own', async ({ fault, says }) => {
    tunnel.fault = fault;
    const failure = await failureOf(transportWith());
    expect(failure).toMatchObject({ kind: 'device-unreachable', phase: 'connect' });
    expect(Reflect.get(failure, 'detail')).toMatch(says);
  });

  test('that does not answer is given up after its time limit', async () => {
    tunnel.fault = { kind: 'silent' };
    expect(await failureOf(transportWith({ answerMs: 100 }))).toMatchObject({ kind: 'timed-out', limitMs: 100 });
  });

  test('that does not answer is left at once when we stop', async () => {
    tunnel.fault = { kind: 'silent' };
    const leaving = new AbortController();
    const since = tunnel.openConnections();
    const waiting = transportWith().open(device, leaving.signal);
    await until('a link', () => (tunnel.openConnections() > since ? true : null));
    leaving.abort();
    expect(await waiting).toEqual(left({ kind: 'cancelled', by: 'shutdown' }));
  });

  test('must prove who it is, and gets no token otherwise', async () => {
    const since = tunnel.requests.length;
    const failure = await failureOf(transportWith({ ca: null }));
    expect(failure).toMatchObject({ kind: 'device-unreachable', phase: 'connect' });
    expect(Reflect.get(failure, 'detail')).toMatch(/TLS with 127\.0\.0\.1 failed .*NODE_EXTRA_CA_CERTS/);
    expect(tunnel.requests).toHaveLength(since);
  });

  test('that speaks TLS is not reached without', async () => {
    const failure = await failureOf(transportWith({ tls: false }));
    expect(failure).toMatchObject({ kind: 'device-unreachable', phase: 'connect' });
    expect(Reflect.get(failure, 'detail')).toMatch(/check .*TUNNEL_TLS/);
  });
});

describe("the device's own SSH server", () => {
  test('that gives no shell is given up after its time limit', async () => {
    sshd.isMute = true;
    const failure = await failureOf(transportWith({ limits: { channelMs: 100 } }));
    sshd.isMute = false;
    expect(failure).toEqual({ kind: 'timed-out', phase: 'opening a shell', limitMs: 100 });
  });
});
