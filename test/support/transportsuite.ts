import { isLeft, left, right } from 'fp-ts/Either';
import type { Device } from '../../src/model/device';
import type { Event } from '../../src/model/event';
import type { HostKeys } from '../../src/model/hostkey';
import type { Session, Transport } from '../../src/model/ports';
import { Secret } from '../../src/model/secret';
import type { WayOptions } from '../../src/transport/way';
import { newKeyPair } from '../lab/sshserver';
import type { Relay } from './relay';
import { until } from './wait';

export const accountKey = newKeyPair();
export const never = new AbortController().signal;

export function hostKeysInMemory(known: Map<string, string>): HostKeys {
  return {
    lookup: (host) => known.get(host) ?? null,
    remember: (host, key) => {
      known.set(host, key);
    },
    forget: (host) => known.delete(host),
  };
}

/** What transports are given in tests, and what they leave there. */
export interface Account {
  readonly options: WayOptions;
  readonly events: readonly Event[];
  readonly known: Map<string, string>;
  /** Called at the start of each login. */
  atLogin: (count: number) => Promise<void> | void;
}

export function anAccount(username: string, limits: WayOptions['limits'] = {}): Account {
  const events: Event[] = [];
  const known = new Map<string, string>();
  let logins = 0;
  const account: Account = {
    options: {
      username: async () => {
        logins += 1;
        await account.atLogin(logins);
        return right(username);
      },
      key: () => Promise.resolve(right({ privateKey: new Secret(accountKey.privateKey) })),
      hostKeys: hostKeysInMemory(known),
      emit: (event) => {
        events.push(event);
      },
      limits: { loginPausesMs: [50, 50], ...limits },
    },
    events,
    known,
    atLogin: () => undefined,
  };
  return account;
}

export async function opened(transport: Transport, device: Device): Promise<Session> {
  const session = await transport.open(device, never);
  if (isLeft(session)) throw new Error(JSON.stringify(session.left));
  return session.right;
}

export async function linesOf(session: Session): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const line of session.lines) lines.push(line);
  return lines;
}

/** The SSH server at the end of a way, as it sees us. */
export interface FarEnd {
  readonly hostKey: string;
  /** Logins that succeeded and shells that were opened, since it was started. */
  counts(): Promise<{ readonly connections: number; readonly channels: number }>;
  /** Shells of ours that run there now. */
  shells(): Promise<number>;
  /** From now on these keys let the account in. */
  accept(publicKeys: readonly string[]): Promise<void>;
}

/** A way that is set up: the transport leads to the server through the relay. */
export interface Bench {
  readonly device: Device;
  readonly transport: Transport;
  readonly server: FarEnd;
  readonly relay: Relay;
  /** What the server's key is remembered by. */
  readonly hostName: string;
  /** Whether the way hands exit codes on. */
  readonly exitCodes: boolean;
  stop(): Promise<void>;
}

/** For links on which nothing answers anyway. */
const IMPATIENT = { keepaliveMs: 200, handshakeMs: 300, connectMs: 300 };

/** What every transport owes its callers, whichever way it takes. `setUp` gives a way whose server lets `accountKey` in. */
export function transportSuite(way: string, setUp: (account: Account) => Promise<Bench>, username = 'lab_user'): void {
  describe(`the way ${way}`, () => {
    let account: Account;
    let bench: Bench;
    let before: { readonly connections: number; readonly channels: number };

    const open = (): Promise<Session> => opened(bench.transport, bench.device);
    const names = (): readonly string[] => account.events.map(({ event }) => event);
    const logins = async (): Promise<number> => (await bench.server.counts()).connections - before.connections;
    const nothingIsOpen = async (): Promise<void> => {
      await until('our links to be gone', () => (bench.relay.openConnections() === 0 ? true : null));
      await until('our shells to be gone', async () => ((await bench.server.shells()) === 0 ? true : null));
    };

    const begin = async (limits: WayOptions['limits'] = {}): Promise<void> => {
      account = anAccount(username, limits);
      bench = await setUp(account);
      before = await bench.server.counts();
    };
    const end = async (): Promise<void> => {
      bench.transport.close();
      await bench.stop();
    };

    beforeEach(() => begin());
    afterEach(end);

    test('opens a shell that runs what it is sent, on one connection and one channel', async () => {
      const session = await open();
      session.send('{ echo one; printf "two\\nthree"; echo oops >&2; exit 3; }\n');

      expect(await linesOf(session)).toEqual(['one', 'two', 'three']);
      const exitCode = bench.exitCodes ? 3 : 0;
      expect(await session.ended).toEqual({ kind: 'closed', failure: null, exitCode, stderrTail: 'oops\n' });
      const after = await bench.server.counts();
      expect([after.connections - before.connections, after.channels - before.channels]).toEqual([1, 1]);
      await nothingIsOpen();
      await until('the end to be told', () => (names().includes('transport.closed') ? true : null));
      expect(names()).toEqual(['hostkey.remembered', 'transport.connected', 'transport.closed']);
    });

    test('answers what is sent later, and brings megabytes in order, lines that are too long cut', async () => {
      const session = await open();
      const lines = session.lines[Symbol.asyncIterator]();
      session.send(
        '{ echo ready; read -r word; echo "heard $word"; seq -f "%g, a line that is long enough for all of them to be more than a megabyte" 20000; head -c 100000 /dev/zero | tr "\\0" x; echo; echo end; exit; }\n',
      );

      expect(await lines.next()).toEqual({ done: false, value: 'ready' });
      session.send('ack\n');
      const [heard, ...rest] = await linesOf(session);
      expect(heard).toBe('heard ack');
      expect(rest).toHaveLength(20_002);
      expect(rest.findIndex((line, at) => at < 20_000 && !line.startsWith(`${String(at + 1)}, `))).toBe(-1);
      expect(rest.slice(-2)).toEqual(['x'.repeat(65_536), 'end']);
    });

    test('says that a link is lost, and a new one is there at once', async () => {
      const session = await open();
      session.send('{ echo begun; read -r word; exit; }\n');
      const lines = session.lines[Symbol.asyncIterator]();
      await lines.next();
      bench.relay.cut();

      expect((await lines.next()).done).toBe(true);
      expect(await session.ended).toMatchObject({ kind: 'lost', failure: null, exitCode: null });
      const again = await open();
      again.send('{ echo back; exit; }\n');
      expect(await linesOf(again)).toEqual(['back']);
    });

    test('finds out by itself that a silent link is lost', async () => {
      await end();
      await begin({ keepaliveMs: IMPATIENT.keepaliveMs });
      const session = await open();
      session.send('{ echo begun; read -r word; exit; }\n');
      const lines = session.lines[Symbol.asyncIterator]();
      await lines.next();
      bench.relay.stall();

      expect((await lines.next()).done).toBe(true);
      expect((await session.ended).kind).toBe('lost');
    });

    test('gives up what does not answer a connection, within its limit, and leaves nothing open', async () => {
      await end();
      await begin(IMPATIENT);
      bench.relay.stall();

      const session = await bench.transport.open(bench.device, never);

      const phase: unknown = isLeft(session) ? Reflect.get(session.left, 'phase') : null;
      expect(isLeft(session) ? session.left.kind : null).toMatch(/^(timed-out|device-unreachable)$/);
      expect(phase).toMatch(/^(handshake|TLS with .*)$/);
      expect(names()).toEqual(['transport.failed']);
      await nothingIsOpen();
    });

    test('says so when nobody listens', async () => {
      await bench.relay.stop();

      expect(await bench.transport.open(bench.device, never)).toMatchObject(
        left({ kind: 'device-unreachable', phase: 'connect' }),
      );
      const { uuid, name } = bench.device;
      expect(account.events).toMatchObject([{ event: 'transport.failed', device: { uuid, name } }]);
    });

    test('remembers the host key of the server once it let us in, and asks no more', async () => {
      await bench.server.accept([]);
      await bench.transport.open(bench.device, never);
      expect(account.known.size).toBe(0);

      await bench.server.accept([accountKey.publicKey]);
      (await open()).close();
      (await open()).close();
      expect([...account.known]).toEqual([[bench.hostName, bench.server.hostKey]]);
      expect(names().filter((event) => event === 'hostkey.remembered')).toHaveLength(1);
    });

    test('does not log in where the host key has changed', async () => {
      account.known.set(bench.hostName, newKeyPair().publicKey);

      const session = await bench.transport.open(bench.device, never);

      expect(session).toMatchObject(left({ kind: 'host-key-changed', host: bench.hostName }));
      expect(await logins()).toBe(0);
      expect(names()).toEqual(['transport.failed']);
      await nothingIsOpen();
    });

    test('names a refused key as such, after a few tries', async () => {
      await bench.server.accept([newKeyPair().publicKey]);
      let tries = 0;
      account.atLogin = (count) => {
        tries = count;
      };

      const session = await bench.transport.open(bench.device, never);

      expect(session).toMatchObject(left({ kind: 'auth-rejected', who: 'ssh' }));
      expect(tries).toBe(3);
      expect(await logins()).toBe(0);
      expect(names()).toEqual(['transport.failed']);
      await nothingIsOpen();
    });

    test('lets in a key that becomes known between two tries, as one that was just registered does', async () => {
      await bench.server.accept([]);
      account.atLogin = async (count) => {
        if (count === 2) await bench.server.accept([accountKey.publicKey]);
      };

      (await open()).close();
      expect(await logins()).toBe(1);
    });

    test('opens nothing for somebody who has left already', async () => {
      const session = await bench.transport.open(bench.device, AbortSignal.abort());

      expect(session).toEqual(left({ kind: 'cancelled', by: 'shutdown' }));
      await nothingIsOpen();
      expect(await logins()).toBe(0);
    });

    test('stops in the middle of opening, and leaves nothing open', async () => {
      bench.relay.stall();
      const leaving = new AbortController();
      const waiting = bench.transport.open(bench.device, leaving.signal);
      await until('a link', () => (bench.relay.openConnections() > 0 ? true : null));
      leaving.abort();

      expect(await waiting).toEqual(left({ kind: 'cancelled', by: 'shutdown' }));
      await nothingIsOpen();
    });

    test('cuts a session off when its signal says so', async () => {
      const leaving = new AbortController();
      const session = await bench.transport.open(bench.device, leaving.signal);
      if (isLeft(session)) throw new Error(JSON.stringify(session.left));
      const lines = linesOf(session.right);
      leaving.abort();

      expect(await lines).toEqual([]);
      expect((await session.right.ended).kind).toBe('lost');
      await nothingIsOpen();
    });

    test('ends for somebody who closes it with words unread', async () => {
      const session = await open();
      const lines = session.lines[Symbol.asyncIterator]();
      session.send('{ echo done; seq 5000; exit; }\n');
      await lines.next();
      session.close();

      expect((await session.ended).failure).toBe(null);
      expect(names().slice(1)).toEqual(['transport.connected', 'transport.closed']);
      await nothingIsOpen();
    });

    test('closes what it has open', async () => {
      const sessions = [await open(), await open()];
      const ends = sessions.map(async (session) => {
        const lines = await linesOf(session);
        return [lines, (await session.ended).kind];
      });
      bench.transport.close();

      expect(await Promise.all(ends)).toEqual([
        [[], 'lost'],
        [[], 'lost'],
      ]);
      await nothingIsOpen();
    });
  });
}
