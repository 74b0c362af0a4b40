import { left, right } from 'fp-ts/Either';
import { plan } from '../../src/commands/plan';
import type { OutlookTools } from '../../src/commands/showoutlook';
import { status, type StatusTools } from '../../src/commands/status';
import { why } from '../../src/commands/why';
import type { Outlook, Seen } from '../../src/model/explanation';
import type { DeviceUuid } from '../../src/model/brand';
import type { KnownDevice } from '../../src/model/ports';
import type { RunRecord } from '../../src/model/run';
import { decide, type DecisionInput } from '../../src/reconciler/decide';
import { answersOf, explanationOf } from '../../src/reconciler/explain';
import { slotBook } from '../../src/reconciler/slotbook';
import { aDeviceNotEnabled, anEnabledDevice, aRejectedDevice, aSchedule, aUuid, resolved } from '../support/desired';
import { aFailedRun, aRun, aSucceededRun, at, ended, facts } from '../support/facts';
import { aTerminal, type HeardTerminal } from '../support/terminal';

const NOW = at('2026-11-24T08:00:00Z');
const berlin = aSchedule({ text: '0 3 * * *', pattern: '0 0 3 * * *', timezone: 'Europe/Berlin' });
const full = { kind: 'store-full', where: 'target', freeBytes: 0, detail: '' } as const;

const desired = [
  anEnabledDevice({ device: { uuid: aUuid(1), name: 'kitchen' } }),
  anEnabledDevice({
    device: { uuid: aUuid(2), name: 'garage' },
    policy: { schedule: resolved(berlin, { kind: 'fleet-tag', tag: 'backupSchedule' }) },
  }),
  anEnabledDevice({ device: { uuid: aUuid(3), name: 'attic', connected: false } }),
  aRejectedDevice({ uuid: aUuid(4), name: 'shed' }),
  aDeviceNotEnabled({ uuid: aUuid(5), name: 'office' }),
];
const ran = aSucceededRun({ device: aUuid(2) });
const failed = aFailedRun(full, { device: aUuid(1) });
const known = [
  facts({ device: aUuid(1), last: ended(failed), failures: 2 }),
  facts({ device: aUuid(2), last: ended(ran), lastSuccess: ended(ran), handledSlot: at('2026-11-24T02:00:00Z') }),
  facts({ device: aUuid(3) }),
];

function fleet(): Extract<Seen, { readonly kind: 'fleet' }> {
  const input: DecisionInput = {
    desired,
    now: NOW,
    limits: { maxConcurrentRuns: 10, startingDeadlineMs: null },
    facts: new Map(known.map((each) => [each.device, each])),
    inFlight: new Set(),
    placeless: 0,
    stores: new Map(),
    ssh: { kind: 'open' },
    apiRefused: false,
    apiStale: false,
    slots: slotBook(),
  };
  const decided = { input, decision: decide(input) };
  return {
    kind: 'fleet',
    answers: answersOf(decided),
    chores: [{ kind: 'adopt', run: aRun({ device: aUuid(9) }) }],
    wakeAt: at('2026-11-25T00:00:00Z'),
    explain: ({ device }) =>
      explanationOf(desired.find((each) => each.device.uuid === device.uuid) ?? anEnabledDevice(), decided),
  };
}

const remembered: readonly KnownDevice[] = known.map((each, index) => ({
  uuid: each.device,
  name: ['kitchen', 'garage', 'attic'][index] ?? '',
  isEnabled: index < 2,
  facts: each,
}));
const unseen: Seen = {
  kind: 'ledger',
  failure: { kind: 'api-unavailable', status: 500, retryAfterMs: null, detail: '' },
  devices: remembered,
};

const lastRuns = (): ReadonlyMap<DeviceUuid, RunRecord> => new Map([ran, failed].map((run) => [run.device, run]));

function toolsOf(seen: Seen, over: Partial<OutlookTools> = {}): StatusTools & { readonly terminal: HeardTerminal } {
  const outlook: Outlook = { at: NOW, isControlled: true, unreadable: [], seen };
  return { outlook: () => Promise.resolve(right(outlook)), output: 'text', lastRuns, ...over, terminal: aTerminal() };
}

async function parsed(run: (tools: StatusTools) => Promise<number>, seen: Seen): Promise<unknown> {
  const tools = toolsOf(seen, { output: 'json' });
  expect(await run(tools)).toBe(0);
  expect(tools.terminal.said).toHaveLength(1);
  return JSON.parse(tools.terminal.said[0] ?? '');
}

const only = (n: number): Seen => ({
  ...fleet(),
  answers: fleet().answers.filter(({ device }) => device.uuid === aUuid(n)),
});

describe('plan', () => {
  it('tells in a table what starts first, and what else it would do', async () => {
    const tools = toolsOf(fleet());

    expect(await plan(tools)).toBe(0);
    expect(tools.terminal.said).toEqual([
      '5 devices: 1 due, 1 held, 1 not due, 1 rejected, 1 not enabled',
      expect.stringMatching(/^DEVICE +VERDICT +WHY$/),
      expect.stringMatching(/^0000001 \(kitchen\) +due +starts a backup for the slot of 2026-11-24T00:00:00Z$/),
      expect.stringMatching(/^0000003 \(attic\) +held: offline +it is not connected to balena/),
      expect.stringMatching(/^0000002 \(garage\) +not due +waits for its next slot, 2026-11-25T02:00:00Z$/),
      expect.stringMatching(/^0000005 \(office\) +not enabled +it is not enabled/),
      expect.stringMatching(/^0000004 \(shed\) +rejected +the device's tag backupSchedule: the schedule/),
      `Would take up the run ${aRun().runId} of 0000009, which nobody looks after.`,
      'The next answer changes by itself at 2026-11-25T00:00:00Z.',
    ]);
    expect(tools.terminal.complained).toEqual([]);
  });

  it('tells programs the same, every key in every row', async () => {
    expect(await parsed(plan, fleet())).toMatchObject({
      at: '2026-11-24T08:00:00.000Z',
      controllerRunning: true,
      apiProblem: null,
      unreadable: [],
      counts: { devices: 5, due: 1, held: 1, notDue: 1, rejected: 1, notEnabled: 1 },
      wakeAt: '2026-11-25T00:00:00.000Z',
      chores: [{ does: 'adopt', uuid: aUuid(9), runId: aRun().runId }],
      devices: [
        {
          uuid: aUuid(1),
          name: 'kitchen',
          fleet: 'org/fleet',
          connected: true,
          verdict: 'due',
          reason: null,
          until: null,
          slot: '2026-11-24T00:00:00.000Z',
          mode: 'auto',
          attempt: 1,
          problems: [],
        },
        { uuid: aUuid(3), verdict: 'held', reason: 'offline', slot: null },
        { uuid: aUuid(2), verdict: 'not-due', nextSlot: '2026-11-25T02:00:00.000Z' },
        { uuid: aUuid(5), verdict: 'not-enabled', nextSlot: null },
        { uuid: aUuid(4), verdict: 'rejected', problems: [{ origin: "the device's tag backupSchedule" }] },
      ],
    });
  });

  it('says so where the API does not answer and no controller runs, and is no failure', async () => {
    const outlook = { at: NOW, isControlled: false, unreadable: [{ what: 'a device', problem: 'odd' }], seen: unseen };
    const tools = toolsOf(unseen, { outlook: () => Promise.resolve(right(outlook)) });

    expect(await plan(tools)).toBe(0);
    expect(tools.terminal.said).toEqual([expect.stringMatching(/would do nothing, since the fleet cannot be read/)]);
    expect(tools.terminal.complained).toEqual([
      expect.stringMatching(/answered with status 500.* The ledger alone answers here\.$/),
      "The API's row of a device cannot be read and is left out: odd.",
      expect.stringMatching(/^No controller runs on this STATE_DIR/),
    ]);
  });

  it('gives the code of a refusal, and its words', async () => {
    const refusal = left({ message: 'No device is called "x"', code: 2 } as const);
    const tools = toolsOf(unseen, { outlook: () => Promise.resolve(refusal) });

    expect(await plan(tools)).toBe(2);
    expect(tools.terminal).toMatchObject({ said: [], complained: ['No device is called "x"'] });
  });
});

describe('status', () => {
  it('tells last success, next slot and state by name', async () => {
    const tools = toolsOf(fleet());

    expect(await status(tools)).toBe(0);
    expect(tools.terminal.said.map((line) => line.replace(/ {2,}/g, ' | '))).toEqual([
      'DEVICE | STATE | LAST SUCCESS | NEXT SLOT | NOTE',
      expect.stringMatching(/^0000003 \(attic\) \| held \| never \| in 16 h \| it is not connected/),
      '0000002 (garage) | ok | 7 h 55 min ago | in 18 h | waits for its next slot, 2026-11-25T02:00:00Z',
      expect.stringMatching(
        /^0000001 \(kitchen\) \| failing \| never \| in 16 h \| 2 failures in a row: The target is full/,
      ),
      expect.stringMatching(/^0000005 \(office\) \| not-enabled \| never \| it is not enabled/),
      expect.stringMatching(/^0000004 \(shed\) \| rejected \| never/),
    ]);
  });

  it('answers by the ledger without the API', async () => {
    expect(await parsed(status, unseen)).toMatchObject({
      apiProblem: expect.stringContaining('status 500') as string,
      devices: [
        { name: 'attic', state: 'not-enabled', fleet: null, nextSlot: null },
        {
          name: 'garage',
          state: 'enabled',
          lastSuccessAt: '2026-11-24T00:01:00.000Z',
          nextSlot: '2026-11-25T00:00:00.000Z',
          lastRun: { state: 'succeeded', mode: 'full', failure: null },
        },
        { name: 'kitchen', state: 'failing', failures: 2, lastRun: { failure: { kind: 'store-full' } } },
      ],
    });
  });
});

describe('why', () => {
  const whyOf =
    (runs = [ran]) =>
    (tools: OutlookTools): Promise<number> =>
      why({ ...tools, runsOf: () => runs });

  it('tells every step, the policy with origins, slots in both times, runs and what to do', async () => {
    const tools = toolsOf(only(2));
    expect(await whyOf()(tools)).toBe(0);
    const text = tools.terminal.said.join('\n');

    expect(text).toMatch(new RegExp(`^garage, ${aUuid(2)}, of fleet org/fleet, connected\\nnot due: waits`));
    expect(text).toMatch(/What to do: Nothing: it runs at its next slot/);
    expect(text).toMatch(/schedule +0 3 \* \* \* +the fleet's tag backupSchedule/);
    expect(text).toMatch(
      /Has a slot come, or did a person ask\? No: the last slot, of 2026-11-24T02:00:00Z, is dealt with/,
    );
    expect(text).toMatch(/Wed 2026-11-25 03:00:00 GMT\+1 {2}2026-11-25T02:00:00Z/);
    expect(text).toMatch(/2026-11-24T00:00:00Z +2026-11-24T00:00:00.000Z +succeeded +5 min +Stored a full snapshot/);
  });

  it('tells programs the same', async () => {
    expect(await parsed(whyOf(), only(2))).toMatchObject({
      device: { uuid: aUuid(2), verdict: 'not-due' },
      timezone: 'Europe/Berlin',
      nextSlots: expect.arrayContaining(['2026-11-25T02:00:00.000Z']) as readonly string[],
      steps: expect.arrayContaining([expect.objectContaining({ guard: 'nothing-due', passed: false })]) as unknown[],
      runs: [{ runId: ran.runId, durationMs: 300_000, statistics: { sourceFiles: 3 }, phases: [], output: [] }],
    });
  });

  it('says how to enable a device that is not', async () => {
    const tools = toolsOf(only(5));
    await whyOf([])(tools);

    expect(tools.terminal.said.join('\n')).toMatch(/set the tag backupEnabled to true[^]*It has no runs yet/);
  });

  it('tells what the ledger knows without the API', async () => {
    const tools = toolsOf({ ...unseen, devices: remembered.slice(0, 1) });

    expect(await whyOf([])(tools)).toBe(0);
    expect(tools.terminal.said.join('\n')).toMatch(/found it enabled\.\nIts last 2 runs failed: The target is full/);
  });
});
