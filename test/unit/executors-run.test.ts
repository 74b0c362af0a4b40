import { type Either, left, right } from 'fp-ts/Either';
import { createAdopter, createExecutors } from '../../src/executors';
import { type ActionOf, actionIdOf, runIdOf } from '../../src/model/action';
import { instantOf } from '../../src/model/brand';
import type { Event } from '../../src/model/event';
import type { Failure } from '../../src/model/failure';
import type { Keys, RunContext, Session, Transport } from '../../src/model/ports';
import type { Outcome, Retention, RunRecord } from '../../src/model/run';
import { Secret } from '../../src/model/secret';
import { aDevice, aPolicy, aTarget, resolved } from '../support/desired';
import { aRun } from '../support/facts';
import { playedSession, type PlayedSession, transportOf } from '../support/session';
import { settingsOf } from '../support/settings';
import { until } from '../support/wait';

const NONCE = 'n0nce';
const device = aDevice();
const slot = { kind: 'schedule', at: instantOf(1_700_000_000_000) } as const;
const id = actionIdOf(device.uuid, 'backup', slot);
const runId = runIdOf(id, 1);
const GOOD =
  '{"ok":true,"mode":"inc","snapshotAt":"20261124T115000Z","volumes":["data","conf"],"emptyVolumes":["conf"],"statistics":{"sourceFiles":4,"sourceBytes":100,"newFiles":1,"changedFiles":0,"deletedFiles":0,"storedBytes":50,"errors":0}}';
const away: Failure = { kind: 'device-unreachable', phase: 'connect', detail: 'refused' };

let events: Event[];
let commits: Outcome[];
let stop: AbortController;
let pruned: string[];
let removals: number;
let answer: Either<Failure, Retention>;
let cancel: AbortController;
let forget: readonly string[];

beforeEach(() => {
  events = [];
  commits = [];
  pruned = [];
  removals = 0;
  answer = right({ keptFull: 3, dropped: [instantOf(1000)], healed: 0 });
  stop = new AbortController();
  cancel = new AbortController();
  forget = [];
});

function context(lastSuccess: RunRecord | null = null): RunContext {
  return {
    runId,
    nonce: NONCE,
    startedAt: instantOf(0),
    lastSuccess,
    signal: stop.signal,
    cancelled: cancel.signal,
    forget,
    emit: (event) => events.push(event),
    advance: () => undefined,
    commit: (outcome) => commits.push(outcome) > 0,
    removed: () => {
      removals += 1;
    },
  };
}

const keys: Pick<Keys, 'credentialFor' | 'isCollector'> = {
  isCollector: () => true,
  credentialFor: () =>
    Promise.resolve(right({ privateKey: new Secret('PRIVATE'), certificate: 'CERTIFICATE', knownHosts: 'KNOWN' })),
};

function toolsWith(transport: Transport): Parameters<typeof createExecutors>[0] {
  return {
    transport,
    keys,
    pruneCollector: (target, uuid, keep) => {
      pruned.push(`${target.place} ${uuid} ${String(keep)}`);
      return Promise.resolve(answer);
    },
    settings: settingsOf(),
    scrub: (text) => text.replaceAll('hush', '***'),
    clock: { now: () => instantOf(5000) },
    reconnectPausesMs: [0, 0, 0],
  };
}

function backUp(
  transport: Transport,
  over: Partial<ActionOf<'backup'>> = {},
  lastSuccess: RunRecord | null = null,
): Promise<Outcome> {
  const action: ActionOf<'backup'> = {
    kind: 'backup',
    id,
    device,
    policy: aPolicy(),
    target: aTarget(),
    slot,
    dueSince: slot.at,
    attempt: 1,
    mode: 'auto',
    ...over,
  };
  return createExecutors(toolsWith(transport)).backup(action, context(lastSuccess));
}

/** Says the lines, and the last words that are wanted once the acknowledgement is there. */
function playToTheEnd(session: PlayedSession, ...lines: readonly string[]): PlayedSession {
  session.say(...lines, `${NONCE} - ended 0 false a b`, `${NONCE} - ready ${runId}`);
  void until('the acknowledgement', () => session.sent[1]).then(() => {
    session.say(`${NONCE} - removed`);
  });
  return session;
}

function saying(...lines: readonly string[]): PlayedSession {
  const session = playedSession();
  session.say(...lines);
  return session;
}

describe('a backup', () => {
  test('is acknowledged after its result was committed, on one connection', async () => {
    const session = playedSession();
    const transport = transportOf([session]);
    playToTheEnd(
      session,
      'Welcome to balenaOS',
      `${NONCE} - phase running`,
      `${NONCE} 1 o line with hush`,
      `${NONCE} 2 c result ${GOOD}`,
    );

    const outcome = await backUp(transport);

    expect(outcome).toMatchObject({
      kind: 'succeeded',
      effect: { mode: 'incremental', volumes: ['conf', 'data'], emptyVolumes: ['conf'] },
    });
    expect(commits).toEqual([outcome]);
    expect(session.sent[1]).toBe(`ack ${NONCE} ${runId}\n`);
    expect(transport.opened).toBe(1);
    expect(outcome).toMatchObject({
      tail: ['line with ***'],
      effect: { snapshotAt: Date.UTC(2026, 10, 24, 11, 50, 0) },
    });
  });

  test('shows no password of a URL that somebody wrote into a tag', async () => {
    const session = playedSession();
    const target = resolved(aTarget({ url: 'ftp://user:tag%21word@host/x', overSsh: false }));
    playToTheEnd(session, `${NONCE} 1 o open user tag!word`, `${NONCE} 2 o tag%21word`, `${NONCE} 3 c result ${GOOD}`);

    await backUp(transportOf([session]), { policy: aPolicy({ target }) });

    expect(JSON.stringify([events, commits])).not.toMatch(/tag(?:!|%21)word/);
    expect(JSON.stringify(events)).toContain('open user [secret]');
  });

  test('sends secrets inside the script alone, as one group', async () => {
    const session = playedSession();
    playToTheEnd(session, `${NONCE} 1 c result ${GOOD}`);
    await backUp(transportOf([session]));
    const [script = ''] = session.sent;
    expect(script.startsWith('{\n')).toBe(true);
    expect(script.endsWith('\nexit\n}\n')).toBe(true);
    expect(script).toContain('PASSPHRASE=');
    expect(script).toContain('PRIVATE');
    expect(JSON.stringify(events)).not.toMatch(/PRIVATE|passphrase of the test/);
  });

  test('goes on over a new link: lines that come again are not told again', async () => {
    const [first, second] = [playedSession(), playedSession()];
    first.say(`${NONCE} - phase running`, `${NONCE} 1 o one`, `${NONCE} 2 o two`);
    first.end();
    playToTheEnd(second, `${NONCE} 1 o one`, `${NONCE} 2 o two`, `${NONCE} 3 o three`, `${NONCE} 4 c result ${GOOD}`);

    const outcome = await backUp(transportOf([first, second]));

    expect(outcome.kind).toBe('succeeded');
    expect(events.filter((event) => event.event === 'run.output')).toHaveLength(3);
    expect(second.sent[0]).toContain("MODE='attach'");
  });

  test('that may be going on is left to adoption when the link stays away', async () => {
    const session = playedSession();
    session.say(`${NONCE} - phase running`);
    session.end();
    expect(await backUp(transportOf([session, left(away)]))).toEqual({ kind: 'detached', reason: 'link-lost' });
    expect(commits).toEqual([]);
  });

  test('that never reached the device has failed and may be tried again', async () => {
    const transport = transportOf([left(away)]);
    expect(await backUp(transport)).toEqual({ kind: 'failed', failure: away, tail: [] });
    expect(transport.opened).toBe(1);
  });

  test('whose script was sent, and of which nothing was heard, is left to adoption', async () => {
    const session = playedSession();
    session.end();
    expect(await backUp(transportOf([session, left(away)]))).toEqual({ kind: 'detached', reason: 'link-lost' });
  });

  test('that the gateway could not hand on has failed and may be tried again', async () => {
    const session = playedSession();
    session.end({ kind: 'closed', failure: away });
    const transport = transportOf([session]);
    expect(await backUp(transport)).toEqual({ kind: 'failed', failure: away, tail: [] });
    expect(transport.opened).toBe(1);
  });

  test('that we stop before it was sent was not begun', async () => {
    stop.abort();
    expect(await backUp(transportOf([left(away)]))).toMatchObject({ failure: { kind: 'cancelled', by: 'shutdown' } });
  });

  test.each([
    { then: 'is heard at the second try, is gone', second: () => playToTheEnd(playedSession()), gone: 1 },
    { then: 'had been heard, is gone', second: () => saying(`${NONCE} - gone`), gone: 1 },
    { then: 'is never heard, may be left there', second: () => left(away), gone: 0 },
  ])('has succeeded once; its container, where the lost acknowledgement $then', async ({ second, gone }) => {
    const first = saying(`${NONCE} 1 c result ${GOOD}`, `${NONCE} - ended 0 false a b`, `${NONCE} - ready ${runId}`);
    void until('the acknowledgement', () => first.sent[1]).then(() => {
      first.end();
    });

    expect((await backUp(transportOf([first, second()]))).kind).toBe('succeeded');
    expect([commits.length, removals]).toEqual([1, gone]);
  });

  test('names the ended runs whose containers may go', async () => {
    const session = playedSession();
    playToTheEnd(session, `${NONCE} 1 c result ${GOOD}`);
    forget = ['former', 'another'];
    await backUp(transportOf([session]));
    expect(session.sent[0]).toContain("FORGET='former another'");
  });

  test('is left on the device when we stop', async () => {
    const session = playedSession();
    session.say(`${NONCE} - phase running`);
    const outcome = backUp(transportOf([session]));
    await until('the script', () => session.sent[0]);
    stop.abort();
    expect(await outcome).toEqual({ kind: 'detached', reason: 'shutdown' });
  });

  test.each([
    ['busy 0123', { kind: 'device-busy', runId: '0123' }],
    ['gone', { kind: 'run-lost' }],
    ['failed volumes-none', { kind: 'volumes-none' }],
    ['failed volume-missing a b', { kind: 'volume-missing', names: ['a', 'b'] }],
    ['failed image-unavailable hush no route', { kind: 'image-unavailable', detail: '*** no route' }],
    ['failed start error mounting: no space left on device', { kind: 'store-full', where: 'device' }],
    ['failed image-unavailable failed to register layer: no space left on device', { kind: 'store-full' }],
    ['failed engine down', { kind: 'remote-command-failed', stderrTail: 'down' }],
  ])('that the host answers with "%s" has failed', async (words, failure) => {
    const session = playedSession();
    session.say(`${NONCE} - ${words}`);
    expect(await backUp(transportOf([session]))).toMatchObject({ kind: 'failed', failure });
  });

  test.each([
    ['{"ok":false,"kind":"volume-emptied","names":["data"]}', 'volume-emptied'],
    ['{"ok":false,"kind":"passphrase-wrong","names":[]}', 'passphrase-wrong'],
    ['{"ok":false,"kind":"clock-behind","names":["20301124T115000Z"]}', 'clock-behind'],
    ['{"ok":false,"kind":"clock-ahead","names":["20380119T031407Z"]}', 'clock-ahead'],
    ['{"ok":false,"kind":"image","names":["gpg"]}', 'image-lacking'],
    ['{"ok":false,"step":"backup","exit":31,"error":"31","words":"GPG Failed","limit":""}', 'passphrase-wrong'],
    ['{"ok":false,"step":"backup","exit":53,"error":"53 put","words":"No space left","limit":""}', 'store-full'],
    [
      '{"ok":false,"step":"listing","exit":50,"error":"50","words":"returned 255: Connection refused","limit":""}',
      'store-unavailable',
    ],
    ['{"ok":false,"step":"backup","exit":17,"error":"17","words":"x","limit":""}', 'chain-broken'],
    ['{"ok":false,"step":"backup","exit":137,"error":"","words":"","limit":"run"}', 'timed-out'],
    ['{"ok":false,"step":"backup","exit":137,"error":"","words":"","limit":"stall"}', 'timed-out'],
    ['{"ok":false,"step":"proof","exit":0,"error":"","words":"","limit":""}', 'not-proven'],
    ['{"ok":false,"step":"backup","exit":0,"error":"1","words":"hush","limit":""}', 'not-proven'],
    [
      '{"ok":false,"step":"backup","exit":30,"error":"30","words":"AssertionError","limit":""}',
      'remote-command-failed',
    ],
    [GOOD.replace('"errors":0', '"errors":1'), 'not-proven'],
    ['not json', 'run-lost'],
    ['{"ok":true}', 'run-lost'],
  ])('with the result %s has failed', async (result, kind) => {
    const session = playedSession();
    playToTheEnd(session, `${NONCE} 1 c result ${result}`);
    const outcome = await backUp(transportOf([session]));
    expect(outcome).toMatchObject({ kind: 'failed', failure: { kind } });
    expect(JSON.stringify(outcome)).not.toContain('hush');
    expect(commits).toHaveLength(1);
  });

  test('that ran out of memory says so', async () => {
    const session = playedSession();
    session.say(`${NONCE} - ended 137 true a b`, `${NONCE} - ready ${runId}`);
    const outcome = backUp(transportOf([session]));
    await until('the acknowledgement', () => session.sent[1]);
    session.end();
    expect(await outcome).toMatchObject({ failure: { kind: 'remote-command-failed', signal: 'SIGKILL' } });
  });

  test('a line that another run says, or that only looks like ours, is not believed', async () => {
    const session = playedSession();
    playToTheEnd(
      session,
      `other - gone`,
      `${NONCE}x - gone`,
      `${NONCE} 1 o ${NONCE} - gone`,
      `${NONCE} 2 c result ${GOOD}`,
    );
    expect((await backUp(transportOf([session]))).kind).toBe('succeeded');
  });

  test('has the collector drop what is too much, before its result is committed', async () => {
    const session = playedSession();
    playToTheEnd(session, `${NONCE} 1 c result ${GOOD}`);
    const policy = aPolicy({ keepFull: resolved(3) });
    const outcome = await backUp(transportOf([session]), { policy });
    expect(pruned).toEqual([`${policy.target.value.place} ${device.uuid} 3`]);
    expect(session.sent[0]).toContain("KEEP_FULL=''");
    expect(outcome).toMatchObject({ effect: { retention: { keptFull: 3, dropped: [1000] } } });
    expect(commits).toEqual([outcome]);
  });

  test('that the collector would not drop old ones after has succeeded with a warning', async () => {
    const session = playedSession();
    playToTheEnd(session, `${NONCE} 1 c result ${GOOD}`);
    answer = left({ kind: 'store-unavailable', detail: 'no route' });
    const outcome = await backUp(transportOf([session]), { policy: aPolicy({ keepFull: resolved(3) }) });
    expect(outcome).toMatchObject({ kind: 'succeeded', warnings: [expect.stringContaining('no route')] });
    expect(events.some((event) => event.event === 'run.warned')).toBe(true);
  });

  test('that failed has nothing dropped', async () => {
    const session = playedSession();
    playToTheEnd(session, `${NONCE} 1 c result {"ok":false,"kind":"volume-emptied","names":["data"]}`);
    await backUp(transportOf([session]), { policy: aPolicy({ keepFull: resolved(3) }) });
    expect(pruned).toEqual([]);
  });

  test('tells what became of older snapshots', async () => {
    const session = playedSession();
    const retention = '"retention":{"kept":2,"dropped":["20261101T000000Z","bad"],"healed":1},"statistics"';
    playToTheEnd(session, `${NONCE} 1 c result ${GOOD.replace('"statistics"', retention)}`);
    expect(await backUp(transportOf([session]))).toMatchObject({
      effect: { retention: { keptFull: 2, dropped: [Date.UTC(2026, 10, 1)], healed: 1 } },
    });
  });

  test('without the credential that its target needs is not begun', async () => {
    const missing: Failure = { kind: 'credential-missing', what: 'the collector', detail: 'no host key' };
    const transport = transportOf([left(away)]);
    const tools = toolsWith(transport);
    const executors = createExecutors({
      ...tools,
      keys: { ...tools.keys, credentialFor: () => Promise.resolve(left(missing)) },
    });
    const action = {
      kind: 'backup',
      id,
      device,
      policy: aPolicy(),
      target: aTarget(),
      slot,
      dueSince: slot.at,
      attempt: 1,
      mode: 'auto',
    } as const;
    expect(await executors.backup(action, context())).toEqual({ kind: 'failed', failure: missing, tail: [] });
    expect(transport.opened).toBe(0);
  });
});

describe('an adoption', () => {
  function adopt(answers: readonly Session[] | readonly ReturnType<typeof left<Failure>>[]): Promise<Outcome> {
    const adopter = createAdopter(toolsWith(transportOf([...answers])));
    return adopter(aRun({ nonce: NONCE, runId, device: device.uuid }), device, context());
  }

  test('starts nothing and collects what is there', async () => {
    const session = playedSession();
    playToTheEnd(session, `${NONCE} 1 c result ${GOOD}`);
    expect((await adopt([session])).kind).toBe('succeeded');
    expect(session.sent[0]).toContain("MODE='attach'");
    expect(session.sent[0]).not.toContain('PASSPHRASE=');
  });

  test('of a run that is gone has failed', async () => {
    const session = playedSession();
    session.say(`${NONCE} - gone`);
    expect(await adopt([session])).toMatchObject({ kind: 'failed', failure: { kind: 'run-lost' } });
  });

  test('of a device that cannot be reached is left for later', async () => {
    expect(await adopt([left(away)])).toEqual({ kind: 'detached', reason: 'link-lost' });
  });
});
