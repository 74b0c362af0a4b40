import { type Either, left, right } from 'fp-ts/Either';
import { type Instant, instantOf } from '../../src/model/brand';
import type { Event } from '../../src/model/event';
import type { Failure } from '../../src/model/failure';
import type { FleetReading } from '../../src/model/ports';
import { type Cause, FleetReader, type FleetView } from '../../src/reconciler/fleetview';
import { aDevice } from '../support/desired';
import { at } from '../support/facts';

const start = at('2026-11-24T12:00:00Z');
const never = new AbortController().signal;
const MINUTE = 60_000;

const broken: Failure = { kind: 'api-unavailable', status: 500, retryAfterMs: null, detail: '' };
const refused: Failure = { kind: 'auth-rejected', who: 'api', detail: '' };
const cancelled: Failure = { kind: 'cancelled', by: 'shutdown' };
const whole: FleetReading = { devices: [aDevice()], unreadable: [] };

const after = (ms: number): Instant => instantOf(start + ms);

interface Scene {
  readonly events: Event[];
  /** What the API and the registration of our key answer from now on. */
  readonly answers: { reading: Either<Failure, FleetReading>; register: Failure | null };
  readonly asked: { count: number };
  readonly view: (cause: Cause, now: Instant) => Promise<FleetView>;
}

/** A reader that is to read every minute. */
function scene(intervalMs = MINUTE): Scene {
  const events: Event[] = [];
  const answers: Scene['answers'] = { reading: right(whole), register: null };
  const asked = { count: 0 };
  const reader = new FleetReader({
    api: {
      readDevices: () => {
        asked.count += 1;
        return Promise.resolve(answers.reading);
      },
    },
    register: () => Promise.resolve(answers.register),
    emit: (event) => {
      events.push(event);
    },
    intervalMs,
  });
  return { events, answers, asked, view: (cause, now) => reader.view(cause, now, never) };
}

const names = (events: readonly Event[]): readonly string[] => events.map(({ event }) => event);

describe('what the API shows', () => {
  it('is read at the start, and then at each interval and for a person, whatever else asks for a pass', async () => {
    const { view, asked } = scene();
    const counts: number[] = [];
    for (const cause of ['start', 'wake', 'run-ended', 'interval', 'wake', 'signal'] as const) {
      await view(cause, start);
      counts.push(asked.count);
    }

    expect(counts).toEqual([1, 1, 1, 2, 2, 3]);
  });

  it('is old after more than ten minutes, and then read for whatever asks', async () => {
    const { view, answers, asked } = scene();
    await view('start', start);
    answers.reading = left(broken);

    expect(await view('wake', after(10 * MINUTE))).toMatchObject({ isStale: false });
    expect(asked.count).toBe(1);
    expect(await view('wake', after(10 * MINUTE + 1))).toMatchObject({ isStale: true, devices: [aDevice()] });
    expect(asked.count).toBe(2);
  });

  it('is read again after a failure by whatever asks once the pause is over', async () => {
    const { view, answers, asked } = scene();
    await view('start', start);
    answers.reading = left(broken);
    expect(await view('interval', after(MINUTE))).toMatchObject({ retryAt: after(2 * MINUTE) });
    answers.reading = right(whole);

    await view('run-ended', after(2 * MINUTE - 1));
    expect(asked.count).toBe(2);
    expect(await view('run-ended', after(2 * MINUTE))).toMatchObject({ retryAt: null });
    expect(asked.count).toBe(3);
  });

  it.each([
    { name: 'without a word of how long', retryAfterMs: null, waitsMs: MINUTE },
    { name: 'with less than the interval', retryAfterMs: 1000, waitsMs: MINUTE },
    { name: 'with more than the interval', retryAfterMs: 5 * MINUTE, waitsMs: 5 * MINUTE },
    { name: 'with more than an hour', retryAfterMs: 999 * MINUTE, waitsMs: 60 * MINUTE },
  ])('$name after a failure is waited for $waitsMs ms', async ({ retryAfterMs, waitsMs }) => {
    const { view, answers, asked } = scene();
    answers.reading = left({ ...broken, retryAfterMs });

    expect(await view('start', start)).toMatchObject({ retryAt: after(waitsMs) });
    await view('interval', after(waitsMs - 1));
    expect(asked.count).toBe(1);
    await view('interval', after(waitsMs));
    expect(asked.count).toBe(2);
  });

  it('is waited for as long as the interval where that is longer than an hour', async () => {
    const { view, answers } = scene(120 * MINUTE);
    answers.reading = left({ ...broken, retryAfterMs: 999 * MINUTE });

    expect(await view('start', start)).toMatchObject({ retryAt: after(120 * MINUTE) });
  });

  it('is no failure where the program is to stop', async () => {
    const { view, answers, events } = scene();
    answers.reading = left(cancelled);

    expect(await view('start', start)).toEqual({ devices: null, isStale: true, isRefused: false, retryAt: null });
    expect(events).toEqual([]);
  });
});

describe('rows of the answer that cannot be read', () => {
  it('are told once, and again when they are others', async () => {
    const { view, answers, events } = scene();
    const row = { what: 'device 3', problem: 'it has no UUID' };
    const other = { what: 'device 4', problem: 'it has no UUID' };
    const told: (readonly Event[])[] = [];
    for (const unreadable of [[row], [row], [row, other], [], [row]]) {
      answers.reading = right({ ...whole, unreadable });
      await view('interval', start);
      told.push(events.splice(0));
    }

    const event = 'fleet.row.rejected';
    expect(told).toEqual([
      [{ event, ...row }],
      [],
      [
        { event, ...row },
        { event, ...other },
      ],
      [],
      [{ event, ...row }],
    ]);
  });
});

describe('a credential that the API refuses', () => {
  it('is told once for all the time that it is refused, and once when it works again', async () => {
    const { view, answers, events } = scene();
    await view('start', start);
    answers.reading = left(refused);
    expect(await view('signal', start)).toMatchObject({ isRefused: true });
    await view('signal', start);
    answers.reading = right(whole);
    expect(await view('signal', start)).toMatchObject({ isRefused: false });
    await view('signal', start);

    expect(names(events)).toEqual([
      'credential.refused',
      'reconcile.failed',
      'reconcile.failed',
      'credential.recovered',
    ]);
    expect(events[0]).toMatchObject({ who: 'api', failure: refused });
    expect(events.at(-1)).toMatchObject({ who: 'api' });
  });

  it('is no word of another failure', async () => {
    const { view, answers, events } = scene();
    answers.reading = left(broken);
    expect(await view('start', start)).toMatchObject({ isRefused: false });
    answers.reading = right(whole);
    await view('signal', start);

    expect(names(events)).toEqual(['reconcile.failed']);
  });

  it('may be refused when our key is to be registered: the devices are known all the same', async () => {
    const { view, answers, events } = scene();
    answers.register = refused;

    expect(await view('start', start)).toEqual({
      devices: [aDevice()],
      isStale: false,
      isRefused: true,
      retryAt: after(MINUTE),
    });
    expect(names(events)).toEqual(['credential.refused', 'reconcile.failed']);
  });
});
