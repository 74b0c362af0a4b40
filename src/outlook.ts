import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { chooseDevice } from './commands/finddevice';
import type { Refusal } from './commands/refusal';
import { controllerOf } from './ledger/lock';
import { openReader } from './ledger/reader';
import { openScratch } from './ledger/scratch';
import { type DeviceUuid, type Instant, instantOf } from './model/brand';
import { describeFailure } from './model/describe';
import type { Device } from './model/device';
import type { Outlook, Seen } from './model/explanation';
import type { Failure } from './model/failure';
import type { FleetApi, FleetReading } from './model/ports';
import { resolveDesired } from './model/resolve';
import type { Settings } from './model/settings';
import { answersOf, choresOf, explanationOf } from './reconciler/explain';
import { createLook, type Look } from './reconciler/look';
import { earliest } from './reconciler/earliest';
import { slotBook } from './reconciler/slotbook';

export interface OutlookTools {
  readonly settings: Settings;
  readonly api: Pick<FleetApi, 'readDevices' | 'findDevices'>;
  readonly now: () => Instant;
}

type Found = Either<Failure, FleetReading>;

/**
 * What a pass would see and do now, for the devices that a person means (none: all), by the pass's own functions over a
 * copy of the ledger: nothing is written anywhere. Left where it is not clear which devices are meant.
 */
export async function lookOut(
  { settings, api, now }: OutlookTools,
  meant: readonly string[],
  signal: AbortSignal,
): Promise<Either<Refusal, Outlook>> {
  const [reading, ...found] = await Promise.all([
    api.readDevices(signal),
    ...meant.map((typed) => api.findDevices(typed, signal)),
  ]);
  const controller = controllerOf(settings.stateDir);
  const forgiveUntil = controller.isRunning ? (controller.since ?? instantOf(0)) : now();
  const seen = isLeft(reading)
    ? seenInLedger(settings.stateDir, meant, reading.left)
    : seenInFleet({ settings, now, reading: reading.right, forgiveUntil }, meant, found);
  if (isLeft(seen)) return seen;
  const unreadable = isLeft(reading) ? [] : reading.right.unreadable;
  return right({ at: now(), isControlled: controller.isRunning, unreadable, seen: seen.right });
}

function seenInLedger(stateDir: string, meant: readonly string[], failure: Failure): Either<Refusal, Seen> {
  const known = openReader(stateDir).known();
  const chosen = allChosen(meant, () => known);
  if (!isLeft(chosen)) return right({ kind: 'ledger', failure, devices: chosen.right ?? known });
  const message = `The ledger knows no such device, and the API cannot be asked. ${describeFailure(failure)}.`;
  return left({ message, code: 1 });
}

interface FleetQuestion {
  readonly settings: Settings;
  readonly now: () => Instant;
  readonly reading: FleetReading;
  readonly forgiveUntil: Instant;
}

function seenInFleet(
  question: FleetQuestion,
  meant: readonly string[],
  found: readonly Found[],
): Either<Refusal, Seen> {
  const { devices } = question.reading;
  const chosen = allChosen(meant, (index) => {
    const own = found[index];
    return own === undefined || isLeft(own) ? devices : own.right.devices;
  });
  if (isLeft(chosen)) return left({ message: chosen.left, code: 2 });
  const enabled = new Set(devices.map(({ uuid }) => uuid));
  const others = (chosen.right ?? []).filter(({ uuid }) => !enabled.has(uuid));
  const look = lookAt(question, [...devices, ...others]);
  const asked = chosen.right === null ? null : new Set<DeviceUuid>(chosen.right.map(({ uuid }) => uuid));
  const desired = new Map(look.input.desired.map((each) => [each.device.uuid, each]));
  return right({
    kind: 'fleet',
    answers: answersOf(look).filter(({ device }) => asked?.has(device.uuid) ?? true),
    chores: choresOf(look),
    wakeAt: earliest([look.decision.wakeAt, look.adoption.wakeAt]),
    explain: (answer) =>
      explanationOf(desired.get(answer.device.uuid) ?? { device: answer.device, desire: NOTHING }, look),
  });
}

const NOTHING = { kind: 'not-enabled', problem: null } as const;

/** Null where nobody in particular is meant. */
function allChosen<D extends Pick<Device, 'uuid' | 'name'>>(
  meant: readonly string[],
  among: (index: number) => readonly D[],
): Either<string, readonly D[] | null> {
  if (meant.length === 0) return right(null);
  const chosen: D[] = [];
  for (const [index, typed] of meant.entries()) {
    const device = chooseDevice(typed, among(index));
    if (isLeft(device)) return device;
    chosen.push(device.right);
  }
  return right(chosen);
}

function lookAt({ settings, now, forgiveUntil }: FleetQuestion, devices: readonly Device[]): Look {
  const ledger = openScratch(settings.stateDir);
  try {
    const { maxConcurrentRuns, startingDeadlineMs, runTimeoutMs } = settings;
    const look = createLook({
      // What is left of runs that have ended is cleared away without a decision.
      ledger: { ...ledger, remaining: () => [] },
      resolve: (all) => resolveDesired(all, settings),
      limits: { maxConcurrentRuns, startingDeadlineMs },
      runTimeoutMs,
      slots: slotBook(),
      followed: () => new Map(),
      clearing: () => new Set(),
      clock: { now },
    });
    return look({ devices, isStale: false, isRefused: false }, forgiveUntil);
  } finally {
    ledger.close();
  }
}
