import { right } from 'fp-ts/Either';
import { createExecutors } from '../../src/executors';
import { actionIdOf, type ActionOf, runIdOf } from '../../src/model/action';
import { instantOf } from '../../src/model/brand';
import type { CommandWord } from '../../src/model/duplicitycommand';
import type { Event } from '../../src/model/event';
import { passphraseOf } from '../../src/model/passphrase';
import type { Executors, Keys, RunContext } from '../../src/model/ports';
import type { RestoreOrder } from '../../src/model/restoreorder';
import type { Outcome } from '../../src/model/run';
import { Secret } from '../../src/model/secret';
import { aDevice, aTarget, aUuid } from '../support/desired';
import { playedSession, transportOf } from '../support/session';
import { settingsOf } from '../support/settings';
import { until } from '../support/wait';

const NONCE = 'n0nce';
const device = aDevice();
const source = aUuid(9);
const slot = { kind: 'manual', at: instantOf(1_700_000_000_000) } as const;
const id = actionIdOf(device.uuid, 'restore', slot);
const runId = runIdOf(id, 1);
const settings = settingsOf({ passphraseMode: 'per-device' });
const order: RestoreOrder = {
  kind: 'restore',
  snapshotAt: '20261124T115000Z',
  items: [
    { volume: 'data', path: null, member: 'data' },
    { volume: 'conf', path: "it's", member: "12_conf/it's" },
  ],
  dropsUndo: false,
  roomBytes: 10_240,
};
const common = { id, device, source, slot, dueSince: slot.at, attempt: 1 } as const;

interface Played {
  readonly outcome: Outcome;
  readonly script: string;
  readonly asked: readonly unknown[];
  readonly events: readonly Event[];
}

/** Carries the action out against a device that says these lines. */
async function played(
  action: ActionOf<'restore'> | ActionOf<'survey'> | ActionOf<'execute'>,
  ...lines: readonly string[]
): Promise<Played> {
  const session = playedSession();
  const events: Event[] = [];
  const asked: unknown[] = [];
  session.say(...lines, `${NONCE} - ended 0 false a b`, `${NONCE} - ready ${runId}`);
  void until('the acknowledgement', () => session.sent[1]).then(() => {
    session.say(`${NONCE} - removed`);
  });
  const keys: Pick<Keys, 'credentialFor' | 'isCollector'> = {
    isCollector: () => true,
    credentialFor: (_target, of, _run, access) => {
      asked.push([of, access]);
      return Promise.resolve(right({ privateKey: new Secret('PRIVATE'), certificate: 'CERT', knownHosts: 'KNOWN' }));
    },
  };
  const executors = createExecutors({
    transport: transportOf([session]),
    keys,
    pruneCollector: () => Promise.reject(new Error('not asked for')),
    settings,
    scrub: (text) => text,
    clock: { now: () => instantOf(5000) },
    reconnectPausesMs: [0],
  });
  const context: RunContext = {
    runId,
    nonce: NONCE,
    startedAt: instantOf(0),
    lastSuccess: null,
    signal: new AbortController().signal,
    cancelled: new AbortController().signal,
    forget: [],
    emit: (event) => events.push(event),
    advance: () => undefined,
    commit: () => true,
    removed: () => undefined,
  };
  const outcome = await executedBy(executors, action, context);
  return { outcome, script: session.sent[0] ?? '', asked, events };
}

function executedBy(
  executors: Executors,
  action: ActionOf<'restore'> | ActionOf<'survey'> | ActionOf<'execute'>,
  context: RunContext,
): Promise<Outcome> {
  if (action.kind === 'restore') return executors.restore(action, context);
  return action.kind === 'survey' ? executors.survey(action, context) : executors.execute(action, context);
}

function restore(given: RestoreOrder = order, options: readonly string[] = []): ActionOf<'restore'> {
  return { kind: 'restore', ...common, target: aTarget({ options, overSsh: true }), order: given };
}

const said = (result: unknown): string => `${NONCE} 1 c result ${JSON.stringify(result)}`;

describe('a restore', () => {
  it('reads the snapshots of the source, with its passphrase, and may not write them', async () => {
    const { script, asked } = await played(restore(), said({ ok: false, kind: 'locked', names: ['web'] }));

    expect(asked).toEqual([[source, 'read']]);
    expect(script).toContain(passphraseOf(settings, source).reveal());
    expect(script).not.toContain(passphraseOf(settings, device.uuid).reveal());
  });

  it('is started again by the engine until it has ended, and gets the parts with their places', async () => {
    const { script } = await played(restore(), said({ ok: false, kind: 'locked', names: ['web'] }));

    expect(script).toContain("RESTART='on-failure'");
    expect(script).toContain("ACCESS='engine'");
    expect(script).toContain("PARTS='/staging/work/staged/0\tdata\n/staging/work/staged/1\t12_conf/it'\\''s'");
    expect(script).toContain("ROOM_KIB='10'");
  });

  it('in place goes into the volumes themselves', async () => {
    const { script } = await played(restore({ ...order, kind: 'in-place' }), said({ ok: false, kind: 'x', names: [] }));

    expect(script).toContain(`PARTS='/engine/volumes/${String(device.fleet.id)}_data/_data\tdata\n`);
  });

  it('never ignores what is wrong with a backup, whatever the URL says', async () => {
    const options = ['--ignore-errors', '--file-prefix=x'];
    const { script } = await played(restore(order, options), said({ ok: false, kind: 'x', names: [] }));

    expect(script).not.toContain("'--ignore-errors'");
    expect(script).toContain("'--file-prefix=x'");
  });

  it('tells how far it is', async () => {
    const { events } = await played(
      restore(),
      `${NONCE} 1 c progress 12 2048`,
      `${NONCE} 10000001 c phase exchanging`,
      `${NONCE} 10000002 c result {"ok":false,"kind":"x","names":[]}`,
    );

    expect(events.filter(({ event }) => event === 'run.progressed')).toMatchObject([
      { phase: 'running', detail: '12 files and folders, 2.0 MiB' },
      { phase: 'exchanging' },
    ]);
  });

  it.each<{ word: object; failure: object }>([
    { word: { kind: 'locked', names: ['web'] }, failure: { kind: 'restore-refused' } },
    { word: { kind: 'undo-none', names: [] }, failure: { kind: 'restore-refused' } },
    { word: { kind: 'other-disk', names: ['data'] }, failure: { kind: 'restore-refused' } },
    { word: { kind: 'path-blocked', names: ['data/x', 'loop'] }, failure: { kind: 'restore-refused' } },
    { word: { kind: 'snapshot-missing', names: ['t'] }, failure: { kind: 'restore-refused' } },
    { word: { kind: 'not-in-snapshot', names: [] }, failure: { kind: 'restore-refused' } },
    { word: { kind: 'volume-not-made', names: ['data'] }, failure: { kind: 'restore-failed', state: 'untouched' } },
    { word: { kind: 'interrupted', names: [] }, failure: { kind: 'restore-failed', state: 'untouched' } },
    {
      word: { kind: 'exchange', names: ['no'] },
      failure: { kind: 'restore-failed', state: 'untouched', detail: 'no' },
    },
    {
      word: { kind: 'overlay-interrupted', names: ['data'] },
      failure: { kind: 'restore-failed', state: 'mixture', volumes: ['data'] },
    },
    { word: { kind: 'not-whole', names: ['3', '5'] }, failure: { kind: 'not-proven' } },
    { word: { kind: 'cancelled', names: [] }, failure: { kind: 'cancelled', by: 'person' } },
    { word: { kind: 'constructor', names: [] }, failure: { kind: 'not-proven' } },
    { word: { step: 'restore', exit: 21, error: '21', words: '', limit: '' }, failure: { kind: 'integrity-mismatch' } },
    { word: { step: 'restore', exit: 0, error: '', words: '', limit: '' }, failure: { kind: 'not-proven' } },
    { word: { step: 'restore', exit: 137, error: '', words: '', limit: 'room' }, failure: { kind: 'restore-refused' } },
    {
      word: { step: 'list', exit: 137, error: '31', words: 'gpg: decryption failed: Bad session key', limit: 'error' },
      failure: { kind: 'passphrase-wrong' },
    },
  ])('understands $word', async ({ word, failure }) => {
    const { outcome } = await played(restore(), said({ ok: false, ...word }));

    expect(outcome).toMatchObject({ kind: 'failed', failure });
  });

  it('has restored only what the device says with all that belongs to it', async () => {
    const restored = {
      kind: 'restore',
      snapshotAt: order.snapshotAt,
      items: ['data'],
      entries: 3,
      bytes: 9,
      services: ['web'],
      undo: 'kept',
    };
    const { outcome } = await played(restore(), said({ ok: true, restored }));
    const { outcome: partly } = await played(restore(), said({ ok: true, restored: { ...restored, undo: undefined } }));

    expect(outcome).toMatchObject({ kind: 'succeeded', effect: { kind: 'restored', restored } });
    expect(partly.kind).toBe('failed');
  });
});

describe('a survey', () => {
  it('changes nothing: it is not started again, and asks for what is wanted', async () => {
    const question = { at: null, member: 'data/x', asksTarget: true };
    const action = { kind: 'survey', ...common, target: aTarget({ overSsh: true }), question } as const;
    const { script, asked } = await played(action, said({ ok: false, kind: 'x', names: [] }));

    expect(asked).toEqual([[source, 'read']]);
    expect(script).toContain("RESTART='no'");
    expect(script).toContain("LOOK='target'");
    expect(script).toContain("AT='now'");
    expect(script).toContain("MEMBER='data/x'");
  });
});

describe('a call of Duplicity', () => {
  test.each<{ word: CommandWord; access: string }>([
    { word: 'list-current-files', access: 'read' },
    { word: 'collection-status', access: 'read' },
    { word: 'restore', access: 'read' },
    { word: 'verify', access: 'read' },
    { word: 'backup', access: 'write' },
    { word: 'full', access: 'write' },
    { word: 'incremental', access: 'write' },
    { word: 'cleanup', access: 'write' },
    { word: 'remove-older-than', access: 'write' },
    { word: 'replicate', access: 'write' },
  ])('may write at the collector only where it has to: $word', async ({ word, access }) => {
    const command = { word, folder: '/volumes', amount: '1', options: [] };
    const action = { kind: 'execute', ...common, target: aTarget({ overSsh: true }), command } as const;
    const { asked } = await played(action, said({ ok: true, executed: word }));

    expect(asked).toEqual([[device.uuid, access]]);
  });
});
