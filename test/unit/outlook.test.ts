import { isLeft, left, right } from 'fp-ts/Either';
import { openLedger } from '../../src/ledger/ledger';
import { lockState } from '../../src/ledger/lock';
import { instantOf } from '../../src/model/brand';
import type { Device } from '../../src/model/device';
import type { Outlook, Seen } from '../../src/model/explanation';
import type { Failure } from '../../src/model/failure';
import type { FleetApi } from '../../src/model/ports';
import { resolveDesired } from '../../src/model/resolve';
import type { Settings } from '../../src/model/settings';
import { lookOut } from '../../src/outlook';
import { createPass } from '../../src/reconciler/pass';
import { sightingsOf } from '../../src/reconciler/sighting';
import { slotBook } from '../../src/reconciler/slotbook';
import { aDevice, aUuid, tagsOf } from '../support/desired';
import { at } from '../support/facts';
import { traceOf } from '../support/folder';
import { aFailure, aNewRun, anOwner, runThrough, withFolder } from '../support/ledger';
import { settingsOf } from '../support/settings';

const never = new AbortController().signal;
const midnight = at('2026-11-24T00:00:00Z');
const now = at('2026-11-24T12:30:00Z');
const refused: Failure = { kind: 'auth-rejected', who: 'api', detail: '' };

function tagged(n: number, tags: Readonly<Record<string, string>> = {}, over: Partial<Device> = {}): Device {
  return aDevice({
    uuid: aUuid(n),
    name: `device-${String(n)}`,
    tags: tagsOf({ backupEnabled: 'true', backupSchedule: '0 * * * *', ...tags }),
    ...over,
  });
}

/** A fleet in which every kind of thing has happened. */
const fleet: readonly Device[] = [
  tagged(1),
  tagged(2, { backupSchedule: '15 * * * *' }),
  tagged(3, {}, { connected: false }),
  tagged(4),
  tagged(5, { backupSchedule: 'never' }),
  tagged(6, { backupRequest: 'now-1' }),
  tagged(7),
  tagged(8),
  aDevice({ uuid: aUuid(9), name: 'device-9', tags: tagsOf({ backupEnabled: 'false' }) }),
];
const elsewhere = aDevice({ uuid: aUuid(10), name: 'device-10' });

/** The fleet at midnight: without device 7, with a readable policy on 5, another schedule on 2, and no request. */
const before: readonly Device[] = [1, 2, 3, 4, 5, 6, 8].map((n) => tagged(n));

/** All but device 7 were seen at midnight; 4 has a run that nobody looks after, and 8 has failed. */
function fill(stateDir: string): void {
  const ledger = openLedger(stateDir);
  ledger.see(sightingsOf(resolveDesired(before, settingsOf())).sightings, midnight);
  ledger.begin(aNewRun({ device: aUuid(4) }), anOwner, instantOf(midnight + 30_000));
  runThrough(ledger, aNewRun({ device: aUuid(8) }), aFailure({ retryAt: instantOf(now + 60_000) }));
  ledger.close();
}

function apiOf(devices: readonly Device[] | Failure): Pick<FleetApi, 'readDevices' | 'findDevices'> {
  const answer = (found: readonly Device[]): ReturnType<FleetApi['readDevices']> =>
    Promise.resolve('kind' in devices ? left(devices) : right({ devices: found, unreadable: [] }));
  const all = 'kind' in devices ? [] : [...devices, elsewhere];
  return {
    readDevices: () => answer('kind' in devices ? [] : devices),
    findDevices: (meant) => answer(all.filter(({ uuid, name }) => name === meant || uuid.startsWith(meant))),
  };
}

async function looked(
  stateDir: string,
  devices: readonly Device[] | Failure = fleet,
  meant: readonly string[] = [],
): Promise<Outlook> {
  const settings: Settings = settingsOf({ stateDir });
  const outlook = await lookOut({ settings, api: apiOf(devices), now: () => now }, meant, never);
  if (isLeft(outlook)) throw new Error(outlook.left.message);
  return outlook.right;
}

function fleetOf(seen: Seen): Extract<Seen, { readonly kind: 'fleet' }> {
  if (seen.kind === 'fleet') return seen;
  throw new Error('the fleet was not seen');
}

/** What a pass over the very same ledger does. */
async function passed(stateDir: string): Promise<{ work: readonly string[]; wakeAt: number | null }> {
  const ledger = openLedger(stateDir);
  try {
    const pass = createPass({
      fleet: { view: () => Promise.resolve({ devices: fleet, isStale: false, isRefused: false, retryAt: null }) },
      ledger,
      resolve: (devices) => resolveDesired(devices, settingsOf()),
      limits: { maxConcurrentRuns: 10, startingDeadlineMs: null },
      runTimeoutMs: settingsOf().runTimeoutMs,
      slots: slotBook(),
      followed: () => new Map(),
      clearing: () => new Set(),
      clock: { now: () => now },
      emit: () => undefined,
    });
    const { work, wakeAt } = await pass('start', never);
    const texts = work.map((each) =>
      each.kind === 'start' ? `start ${each.action.id} ${each.action.device.name}` : `${each.kind} ${each.run.runId}`,
    );
    return { work: texts, wakeAt };
  } finally {
    ledger.close();
  }
}

describe('a plan', () => {
  it('says what the pass then does, also for devices that are new or have a new schedule', async () => {
    await withFolder(async (stateDir) => {
      fill(stateDir);
      const { answers, chores, wakeAt } = fleetOf((await looked(stateDir)).seen);
      const planned = [
        ...chores.map((chore) => (chore.kind === 'skip' ? 'skip' : `${chore.kind} ${chore.run.runId}`)),
        ...answers.flatMap(({ device, verdict }) =>
          verdict.kind === 'due' ? [`start ${verdict.action.id} ${device.name}`] : [],
        ),
      ];
      const pass = await passed(stateDir);

      expect(planned).toEqual(pass.work);
      expect(pass.work).toHaveLength(3);
      expect(wakeAt).toBe(pass.wakeAt);
    });
  });

  it('tells of every device what stands in the way', async () => {
    await withFolder(async (stateDir) => {
      fill(stateDir);
      const { answers } = fleetOf((await looked(stateDir)).seen);
      const told = answers.map(({ device, verdict }) =>
        [device.name, verdict.kind, verdict.kind === 'held' ? verdict.reason : ''].join(' ').trim(),
      );

      expect(told).toEqual([
        'device-6 due',
        'device-1 due',
        'device-2 not-due',
        'device-3 held offline',
        'device-4 held in-flight',
        'device-5 rejected',
        'device-7 not-due',
        'device-8 held backing-off',
        'device-9 not-enabled',
      ]);
    });
  });

  it('writes nothing', async () => {
    await withFolder(async (stateDir) => {
      fill(stateDir);
      const lock = lockState(stateDir);
      const trace = traceOf(stateDir);
      const { isControlled, seen } = await looked(stateDir);
      const [answer] = fleetOf(seen).answers;
      if (answer !== undefined) fleetOf(seen).explain(answer);

      expect(isControlled).toBe(true);
      expect(traceOf(stateDir)).toEqual(trace);
      if ('release' in lock) lock.release();
    });
  });

  it('knows that no controller runs', async () => {
    await withFolder(async (stateDir) => {
      const lock = lockState(stateDir);
      if ('release' in lock) lock.release();

      expect((await looked(stateDir)).isControlled).toBe(false);
    });
  });
});

describe('the devices that are meant', () => {
  it.each([
    { typed: ['device-3', aUuid(1).slice(0, 7)], tells: ['device-1', 'device-3'] },
    { typed: ['device-10'], tells: ['device-10'] },
  ])('$typed are told alone, enabled or not', async ({ typed, tells }) => {
    await withFolder(async (stateDir) => {
      fill(stateDir);
      const { answers } = fleetOf((await looked(stateDir, fleet, typed)).seen);

      expect(answers.map(({ device }) => device.name)).toEqual(tells);
    });
  });

  it('that nobody has are refused with 2', async () => {
    await withFolder(async (stateDir) => {
      const tools = { settings: settingsOf({ stateDir }), api: apiOf(fleet), now: () => now };

      expect(await lookOut(tools, ['nobody'], never)).toMatchObject({ left: { code: 2 } });
    });
  });
});

describe('without the API', () => {
  it('the ledger answers', async () => {
    await withFolder(async (stateDir) => {
      fill(stateDir);
      const { seen } = await looked(stateDir, refused, ['device-8']);

      expect(seen).toMatchObject({
        kind: 'ledger',
        failure: refused,
        devices: [{ uuid: aUuid(8), isEnabled: true, facts: { failures: 1 } }],
      });
    });
  });

  it('a device that the ledger does not know is refused with 1, and why', async () => {
    await withFolder(async (stateDir) => {
      fill(stateDir);
      const tools = { settings: settingsOf({ stateDir }), api: apiOf(refused), now: () => now };
      const answer = await lookOut(tools, ['device-10'], never);

      expect(answer).toMatchObject({ left: { code: 1 } });
      expect(JSON.stringify(answer)).toMatch(/CLI_API_KEY was refused/);
    });
  });
});
