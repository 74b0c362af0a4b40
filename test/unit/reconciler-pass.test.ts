import { type Either, left, right } from 'fp-ts/Either';
import { instantOf } from '../../src/model/brand';
import type { Device } from '../../src/model/device';
import type { Event, RunRef } from '../../src/model/event';
import type { Failure } from '../../src/model/failure';
import type { FleetReading, Ledger } from '../../src/model/ports';
import { resolveDesired } from '../../src/model/resolve';
import { type Cause, FleetReader } from '../../src/reconciler/fleetview';
import type { Limits } from '../../src/reconciler/limits';
import { createPass, type PassAnswer } from '../../src/reconciler/pass';
import { slotBook } from '../../src/reconciler/slotbook';
import { aDevice, aUuid, tagsOf } from '../support/desired';
import { at } from '../support/facts';
import { aFailure, aNewRun, anOwner, factsOf, runThrough, scheduled, withOpenLedger } from '../support/ledger';
import { settingsOf } from '../support/settings';

const start = at('2026-11-24T11:59:00Z');
const never = new AbortController().signal;
const hourly = aDevice({ tags: tagsOf({ backupEnabled: 'true', backupSchedule: '0 * * * *' }) });
const broken: Failure = { kind: 'api-unavailable', status: 500, retryAfterMs: null, detail: '' };
const refused: Failure = { kind: 'auth-rejected', who: 'api', detail: '' };

const storeTrouble = aFailure({
  outcome: { kind: 'failed', failure: { kind: 'store-unavailable', detail: 'refused' }, tail: [] },
  endedAt: at('2026-11-24T07:05:00Z'),
  retryAt: null,
});

function targeted(tags: Device['tags'], uuid: string): Device['tags'] {
  return new Map([...tags, ['backupUrl', `rsync://root@server//backups/${uuid}`]]);
}

interface Scene {
  readonly ledger: Ledger;
  readonly events: Event[];
  readonly asked: { count: number };
  /** What the API answers from now on. */
  readonly answer: (what: readonly Device[] | Failure) => void;
  readonly at: (iso: string) => void;
  readonly pass: (cause: Cause) => Promise<PassAnswer>;
}

function isFailure(what: readonly Device[] | Failure): what is Failure {
  return 'kind' in what;
}

async function scene(play: (scene: Scene) => Promise<void>, limits: Partial<Limits> = {}): Promise<void> {
  await withOpenLedger(async (ledger) => {
    const events: Event[] = [];
    const asked = { count: 0 };
    let ms: number = start;
    let reading: Either<Failure, FleetReading> = right({ devices: [hourly], unreadable: [] });
    const emit = (event: Event): void => {
      events.push(event);
    };
    const readDevices = (): Promise<typeof reading> => {
      asked.count += 1;
      return Promise.resolve(reading);
    };
    const pass = createPass({
      fleet: new FleetReader({ api: { readDevices }, register: () => Promise.resolve(null), emit, intervalMs: 60_000 }),
      ledger,
      resolve: (devices) => resolveDesired(devices, settingsOf()),
      limits: { maxConcurrentRuns: 10, startingDeadlineMs: null, ...limits },
      runTimeoutMs: 3_600_000,
      slots: slotBook(),
      followed: () => new Map(),
      clearing: () => new Set(),
      clock: { now: () => instantOf(ms) },
      emit,
    });
    await play({
      ledger,
      events,
      asked,
      answer: (what) => {
        reading = isFailure(what) ? left(what) : right({ devices: what, unreadable: [] });
      },
      at: (iso) => {
        ms = at(iso);
      },
      pass: (cause) => pass(cause, never),
    });
  });
}

const finished = (events: readonly Event[]): Event | undefined =>
  events.findLast(({ event }) => event === 'reconcile.finished');

function planned(events: readonly Event[]): readonly RunRef[] {
  return events.flatMap((event) => (event.event === 'run.planned' ? [event.run] : []));
}

describe('a pass', () => {
  it('finds nothing before the slot, names it as the time to look again, and finds it then', async () => {
    await scene(async ({ pass, events, at: set }) => {
      const before = await pass('start');
      expect(before).toEqual({ work: [], wakeAt: at('2026-11-24T12:00:00Z') });
      expect(planned(events)).toEqual([]);

      set('2026-11-24T12:00:00Z');
      const { work } = await pass('wake');
      expect(work).toMatchObject([{ kind: 'start', action: { slot: { at: at('2026-11-24T12:00:00Z') }, attempt: 1 } }]);
      expect(planned(events)).toMatchObject([
        { device: { uuid: hourly.uuid }, kind: 'backup', slot: '2026-11-24T12:00:00.000Z', attempt: 1 },
      ]);
    });
  });

  it.each([
    { cause: 'interval', asks: 2 },
    { cause: 'signal', asks: 2 },
    { cause: 'wake', asks: 1 },
    { cause: 'run-ended', asks: 1 },
  ] as const)('that is made for $cause has asked the API $asks times with the first', async ({ cause, asks }) => {
    await scene(async ({ pass, asked }) => {
      await pass('start');
      await pass(cause);

      expect(asked.count).toBe(asks);
    });
  });

  it('without any answer of the API does nothing and tries again after the interval', async () => {
    await scene(async ({ pass, answer, events, at: set, asked }) => {
      answer(broken);
      expect(await pass('start')).toEqual({ work: [], wakeAt: instantOf(start + 60_000) });
      expect(events.at(-1)).toMatchObject({ event: 'reconcile.failed', failure: broken });

      answer([hourly]);
      set('2026-11-24T11:59:30Z');
      await pass('interval');
      expect(asked.count).toBe(1);
      set('2026-11-24T12:00:00Z');
      await pass('wake');
      expect(finished(events)).toMatchObject({ devices: 1 });
    });
  });

  it('waits as long as the API wants, but not for a person who asks', async () => {
    await scene(async ({ pass, answer, asked, at: set }) => {
      answer({ kind: 'api-unavailable', status: 429, retryAfterMs: 600_000, detail: '' });
      await pass('start');
      set('2026-11-24T12:05:00Z');
      await pass('interval');
      expect(asked.count).toBe(1);
      await pass('signal');
      expect(asked.count).toBe(2);
    });
  });

  it('does not wait for hours, whatever the API wants or a clock that was ahead has written', async () => {
    await scene(async ({ pass, answer, asked, at: set }) => {
      answer({ kind: 'api-unavailable', status: 429, retryAfterMs: 999_999_000, detail: '' });
      await pass('start');
      set('2026-11-24T13:00:00Z');
      await pass('interval');
      expect(asked.count).toBe(2);
      set('2026-11-24T08:00:00Z');
      await pass('interval');
      expect(asked.count).toBe(3);
    });
  });

  it('goes on by the last answer while the API fails, but not for ever', async () => {
    await scene(async ({ pass, answer, at: set, events }) => {
      await pass('start');
      answer(broken);
      set('2026-11-24T12:00:00Z');
      expect((await pass('interval')).work).toHaveLength(1);
      set('2026-11-24T12:20:00Z');
      expect((await pass('interval')).work).toEqual([]);
      expect(events.findLast(({ event }) => event === 'device.held')).toMatchObject({ reason: 'api-stale' });
    });
  });

  it.each([
    { name: 'older than ten minutes', at: '2026-11-24T12:10:00Z' },
    { name: 'from the future, for a clock that was set back,', at: '2026-11-24T11:58:00Z' },
  ])('does not act by an answer that is $name but asks again', async ({ at: later }) => {
    await scene(async ({ pass, asked, at: set }) => {
      await pass('start');
      set(later);
      await pass('wake');

      expect(asked.count).toBe(2);
    });
  });

  it('starts nothing for a key that the API refuses, says so once, and recovers by itself', async () => {
    await scene(async ({ pass, answer, at: set, events }) => {
      await pass('start');
      answer(refused);
      set('2026-11-24T12:00:00Z');
      expect((await pass('interval')).work).toEqual([]);
      set('2026-11-24T12:01:00Z');
      await pass('interval');
      answer([hourly]);
      set('2026-11-24T12:02:00Z');
      expect((await pass('interval')).work).toHaveLength(1);

      const told = events.map(({ event }) => event).filter((event) => event.startsWith('credential.'));
      expect(told).toEqual(['credential.refused', 'credential.recovered']);
    });
  });

  it('shuts the gate of a target again when a clock that was ahead at the start is right', async () => {
    await scene(async ({ pass, ledger, answer, at: set, events }) => {
      const second = { ...hourly, uuid: aUuid(2), name: 'second' };
      answer([hourly, second].map((device) => ({ ...device, tags: targeted(device.tags, device.uuid) })));
      set('2026-11-24T06:00:00Z');
      await pass('start');
      for (const device of [aUuid(1), aUuid(2)]) {
        const run = aNewRun({
          device,
          place: `ssh://server/backups/${device}`,
          startedAt: at('2026-11-24T07:00:00Z'),
        });
        runThrough(ledger, run, storeTrouble);
      }
      set('2026-11-24T07:06:00Z');
      await pass('interval');

      expect(events.map(({ event }) => event)).toContain('target.unavailable');
    });
  });

  it('does not start a second run on a device, whoever has the first', async () => {
    await scene(async ({ pass, ledger, at: set }) => {
      await pass('start');
      set('2026-11-24T12:00:00Z');
      ledger.begin(aNewRun(), anOwner, at('2026-11-24T12:00:30Z'));

      expect(await pass('wake')).toEqual({ work: [], wakeAt: at('2026-11-24T12:00:30Z') });
      set('2026-11-24T12:00:30Z');
      expect((await pass('wake')).work).toMatchObject([{ kind: 'adopt', run: { device: aUuid(1) } }]);
    });
  });

  it('makes up for a slot that a rejected policy has missed', async () => {
    await scene(async ({ pass, answer, at: set }) => {
      await pass('start');
      answer([aDevice({ tags: tagsOf({ backupEnabled: 'true', backupSchedule: '0 * * * *', backupKeepFull: 'x' }) })]);
      set('2026-11-24T12:30:00Z');
      expect((await pass('interval')).work).toEqual([]);
      answer([hourly]);
      set('2026-11-24T12:40:00Z');

      expect((await pass('interval')).work).toMatchObject([{ action: { slot: { at: at('2026-11-24T12:00:00Z') } } }]);
    });
  });

  it('lets a slot go that is past its deadline, says so once, and does not make up for it', async () => {
    await scene(
      async ({ pass, at: set, events, ledger }) => {
        await pass('start');
        set('2026-11-24T14:30:00Z');
        expect((await pass('wake')).work).toEqual([]);
        await pass('wake');

        expect(events.filter(({ event }) => event === 'slot.missed')).toEqual([
          {
            event: 'slot.missed',
            device: { uuid: aUuid(1), name: 'a-device' },
            slot: '2026-11-24T14:00:00.000Z',
            count: 3,
          },
        ]);
        expect(factsOf(ledger).handledSlot).toBe(at('2026-11-24T14:00:00Z'));
      },
      { startingDeadlineMs: 60_000 },
    );
  });

  it('gives a run up whose device stays away for longer than it can last', async () => {
    await scene(async ({ pass, ledger, answer, at: set }) => {
      await pass('start');
      ledger.begin(aNewRun({ startedAt: start }), anOwner, instantOf(start + 30_000));
      answer([{ ...hourly, connected: false }]);
      set('2026-11-24T14:00:00Z');

      expect((await pass('interval')).work).toMatchObject([{ kind: 'lose', run: { device: aUuid(1) } }]);
    });
  });

  it('tries a slot again whose run has failed', async () => {
    await scene(async ({ pass, ledger, at: set }) => {
      await pass('start');
      runThrough(ledger, aNewRun({ slot: scheduled('2026-11-24T12:00:00Z') }), aFailure({ retryAt: null }));
      set('2026-11-24T12:30:00Z');
      const { work } = await pass('wake');

      expect(work).toMatchObject([{ kind: 'start', action: { attempt: 2 } }]);
    });
  });

  it('looks again at the earliest of all that it waits for', async () => {
    await scene(async ({ pass, ledger, answer, at: set }) => {
      const second = { ...hourly, uuid: aUuid(2), name: 'second', connected: false };
      answer([hourly, second]);
      await pass('start');
      ledger.begin(aNewRun({ device: aUuid(2) }), anOwner, at('2026-11-24T11:59:20Z'));
      set('2026-11-24T11:59:10Z');

      expect((await pass('wake')).wakeAt).toBe(at('2026-11-24T11:59:20Z'));
    });
  });

  it('tells when it begins and what came of it, and how long that took', async () => {
    await scene(async ({ pass, events }) => {
      await pass('start');

      expect(events[0]).toEqual({ event: 'reconcile.started', cause: 'start' });
      expect(finished(events)).toMatchObject({ cause: 'start', devices: 1, notDue: 1, durationMs: 0 });
    });
  });

  it.each([
    { cause: 'signal', isForgiven: true },
    { cause: 'wake', isForgiven: false },
  ] as const)('for $cause tries a target at once that failed: $isForgiven', async ({ cause, isForgiven }) => {
    await scene(async ({ pass, ledger, answer, at: set }) => {
      const fleet = [1, 2, 3].map((n) => ({ ...hourly, uuid: aUuid(n), tags: targeted(hourly.tags, aUuid(n)) }));
      answer(fleet);
      set('2026-11-24T06:59:00Z');
      await pass('start');
      for (const device of [aUuid(1), aUuid(2)]) {
        const place = `ssh://server/backups/${device}`;
        runThrough(ledger, aNewRun({ device, place, startedAt: at('2026-11-24T07:00:00Z') }), storeTrouble);
      }
      set('2026-11-24T07:06:00Z');

      expect((await pass(cause)).work.length > 0).toBe(isForgiven);
    });
  });
});
