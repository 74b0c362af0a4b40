import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { Failure } from '../../src/model/failure';
import type { Session, Transport } from '../../src/model/ports';
import type { TransportKind } from '../../src/model/settings';
import { createChoiceTransport } from '../../src/transport/choice';
import { aDevice, aUuid } from '../support/desired';
import { playedSession, type PlayedSession } from '../support/session';
import { linesOf } from '../support/transportsuite';

const never = new AbortController().signal;
const device = aDevice();
const other = aDevice({ uuid: aUuid(2) });

const unreachable = (phase: 'resolve' | 'connect' | 'handshake' | 'channel'): Failure => ({
  kind: 'device-unreachable',
  phase,
  detail: phase,
});

/** A way whose answers a test sets; by default it opens a shell. */
interface PlayedWay {
  failure: Failure | null;
  readonly opened: PlayedSession[];
  isClosed: boolean;
}

let ways: Record<TransportKind, PlayedWay>;
let tried: TransportKind[];
let made: TransportKind[];

function played(name: TransportKind): Transport {
  made.push(name);
  const way = ways[name];
  return {
    name,
    open: (): Promise<Either<Failure, Session>> => {
      tried.push(name);
      if (way.failure !== null) return Promise.resolve(left(way.failure));
      const session = playedSession();
      way.opened.push(session);
      return Promise.resolve(right(session));
    },
    close: () => {
      way.isClosed = true;
    },
  };
}

function choiceOf(...kinds: readonly TransportKind[]): Transport {
  return createChoiceTransport(kinds.map((name) => ({ name, make: () => played(name) })));
}

/** The ways that were tried for one shell. */
async function waysFor(choice: Transport, of = device): Promise<{ ways: string; session: Session | Failure }> {
  tried = [];
  const session = await choice.open(of, never);
  return { ways: tried.join(' '), session: isLeft(session) ? session.left : session.right };
}

function lastOf(kind: TransportKind): PlayedSession {
  const session = ways[kind].opened.at(-1);
  if (session === undefined) throw new Error(`no shell was opened through ${kind}`);
  return session;
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => {
  const way = (): PlayedWay => ({ failure: null, opened: [], isClosed: false });
  ways = { gateway: way(), tunnel: way(), direct: way() };
  made = [];
});

describe('the order of ways', () => {
  test('is the one that was asked for, as far as it takes', async () => {
    const choice = choiceOf('direct', 'tunnel', 'gateway');
    ways.direct.failure = unreachable('resolve');
    expect((await waysFor(choice)).ways).toBe('direct tunnel');
    expect(made).toEqual(['direct', 'tunnel']);
  });

  test('begins with what worked last for the device, and for no other', async () => {
    const choice = choiceOf('direct', 'tunnel');
    ways.direct.failure = unreachable('connect');
    await waysFor(choice);
    expect((await waysFor(choice)).ways).toBe('tunnel');
    expect((await waysFor(choice, other)).ways).toBe('direct tunnel');
  });

  test('comes back to a former way when that which worked works no more', async () => {
    const choice = choiceOf('direct', 'tunnel');
    ways.direct.failure = unreachable('connect');
    await waysFor(choice);
    ways.direct.failure = null;
    ways.tunnel.failure = unreachable('connect');
    expect((await waysFor(choice)).ways).toBe('tunnel direct');
    expect((await waysFor(choice)).ways).toBe('direct');
  });
});

describe('a shell that is opened', () => {
  test('does not mean that the way works: what a gateway says in words counts', async () => {
    const choice = choiceOf('gateway', 'tunnel');
    await waysFor(choice);
    lastOf('gateway').end({ kind: 'closed', failure: unreachable('channel') });
    await settled();
    expect((await waysFor(choice)).ways).toBe('tunnel');
  });

  test('and lost without a word makes the next way first', async () => {
    const choice = choiceOf('gateway', 'tunnel');
    await waysFor(choice);
    lastOf('gateway').end({ kind: 'lost' });
    await settled();
    expect((await waysFor(choice)).ways).toBe('tunnel');
  });

  test('and heard of keeps its way first, also when its link is lost later', async () => {
    const choice = choiceOf('gateway', 'tunnel');
    const { session } = await waysFor(choice);
    if (!('lines' in session)) throw new Error('it was not opened');
    const lines = linesOf(session);
    lastOf('gateway').say('one', 'two');
    await settled();
    lastOf('gateway').end({ kind: 'lost' });
    expect(await lines).toEqual(['one', 'two']);
    expect((await waysFor(choice)).ways).toBe('gateway');
  });

  test('and closed by us says nothing against its way', async () => {
    const choice = choiceOf('gateway', 'tunnel');
    const { session } = await waysFor(choice);
    if ('close' in session) session.close();
    await settled();
    expect((await waysFor(choice)).ways).toBe('gateway');
  });

  test('hands on what is sent', async () => {
    const { session } = await waysFor(choiceOf('gateway', 'tunnel'));
    if ('send' in session) session.send('hello\n');
    expect(lastOf('gateway').sent).toEqual(['hello\n']);
  });
});

describe('the failure of all ways', () => {
  test.each<{ name: string; first: Failure; second: Failure; told: Failure }>([
    {
      name: 'the one that got further',
      first: unreachable('handshake'),
      second: unreachable('resolve'),
      told: unreachable('handshake'),
    },
    {
      name: 'the first of two that got as far',
      first: unreachable('connect'),
      second: { kind: 'timed-out', phase: 'connecting', limitMs: 1 },
      told: unreachable('connect'),
    },
    {
      name: 'a refused key before a device that is away',
      first: { kind: 'auth-rejected', who: 'ssh', detail: '' },
      second: unreachable('channel'),
      told: { kind: 'auth-rejected', who: 'ssh', detail: '' },
    },
    {
      name: 'a changed host key before all others',
      first: { kind: 'host-key-changed', host: 'h', expected: 'a', got: 'b' },
      second: { kind: 'auth-rejected', who: 'ssh', detail: '' },
      told: { kind: 'host-key-changed', host: 'h', expected: 'a', got: 'b' },
    },
  ])('is $name', async ({ first, second, told }) => {
    ways.direct.failure = first;
    ways.tunnel.failure = second;
    expect(await waysFor(choiceOf('direct', 'tunnel'))).toEqual({ ways: 'direct tunnel', session: told });
    ways.direct.failure = null;
  });

  test.each<Failure>([
    { kind: 'cancelled', by: 'shutdown' },
    { kind: 'api-unavailable', status: 503, retryAfterMs: null, detail: '' },
  ])('comes at once where no other way can mend it: $kind', async (failure) => {
    ways.direct.failure = failure;
    expect(await waysFor(choiceOf('direct', 'tunnel'))).toEqual({ ways: 'direct', session: failure });
  });

  test('is not that of a tunnel alone which refuses the API key for this device', async () => {
    ways.tunnel.failure = { kind: 'auth-rejected', who: 'api', detail: '' };
    expect((await waysFor(choiceOf('tunnel', 'direct'))).ways).toBe('tunnel direct');
  });
});

test('closing closes the ways that were used', async () => {
  const choice = choiceOf('gateway', 'tunnel');
  await waysFor(choice);
  choice.close();
  expect([ways.gateway.isClosed, ways.tunnel.isClosed]).toEqual([true, false]);
});
