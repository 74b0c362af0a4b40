import type { DeviceUuid } from '../../../src/model/brand';
import type { Failure } from '../../../src/model/failure';
import type { HoldReason } from '../../../src/model/verdict';
import { isEnabled, type Known, LONGEST_MS, NEVER, type Rules, unmetOf, type Violation } from './known';

/** What a pass said: whom it starts and who must wait; all others have nothing to do. */
export interface Passed {
  readonly started: ReadonlySet<DeviceUuid>;
  readonly held: ReadonlyMap<DeviceUuid, Hold>;
  /** Devices whose runs are followed, also those whose containers are not gone yet. */
  readonly busy: ReadonlySet<DeviceUuid>;
  /** Those of them that only have something removed. */
  readonly clearing: ReadonlySet<DeviceUuid>;
  readonly now: number;
  /** When the API last listed the fleet, and whether it refuses our key. */
  readonly answeredAt: number;
  readonly isRefused: boolean;
}

interface Bounds extends Rules {
  readonly maxConcurrentRuns: number;
}

/** What is wrong with a pass: silence about a device that waits, a reason that is not true, a queue that is jumped. */
export function problemsOf(
  devices: ReadonlyMap<DeviceUuid, Known>,
  passed: Passed,
  bounds: Bounds,
): readonly Violation[] {
  const problems: Violation[] = [];
  const isAtWork = ({ uuid, active }: Known): boolean =>
    active !== null || (passed.busy.has(uuid) && !passed.clearing.has(uuid));
  const active = [...devices.values()].filter(isAtWork).length;
  const failures = [...devices.values()].flatMap(({ lastFailure }) => lastFailure?.kind ?? []);
  for (const known of devices.values()) {
    const hold = passed.held.get(known.uuid);
    const problem =
      hold === undefined ? silence(known, passed, bounds) : untruth(known, hold, { passed, bounds, active, failures });
    if (problem !== null) problems.push(problem);
  }
  const jumped = unfairness(devices, passed, bounds);
  return jumped === null ? problems : [...problems, jumped];
}

function silence(known: Known, passed: Passed, bounds: Bounds): Violation | null {
  if (passed.started.has(known.uuid) || known.active !== null) return null;
  const unmet = unmetOf(known, passed.now, bounds);
  if (unmet === null) return null;
  const detail = `${known.uuid} waits for ${JSON.stringify(unmet.slot)} and nothing is said of it`;
  return { law: 'never-late-without-a-reason', detail };
}

interface Scene {
  readonly passed: Passed;
  readonly bounds: Bounds;
  readonly active: number;
  /** What devices' last runs failed with. */
  readonly failures: readonly Failure['kind'][];
}

const STORE_TROUBLE: readonly Failure['kind'][] = ['store-unavailable', 'store-full'];
/** An answer is as old as its question, which may have waited for a minute. */
const FRESH_MS = 600_000 - 61_000;

interface Hold {
  readonly reason: HoldReason;
  readonly until: number | null;
}

function untruth(known: Known, hold: Hold, scene: Scene): Violation | null {
  const lie = isEnabled(known) ? LIES[hold.reason](known, hold, scene) : 'it is not enabled';
  return lie === null ? null : { law: 'true-reasons', detail: `${known.uuid} ${hold.reason}: ${lie}` };
}

/** What would make each reason untrue; null: it is true. */
const LIES: Readonly<Record<HoldReason, (known: Known, hold: Hold, scene: Scene) => string | null>> = {
  offline: ({ isConnected }) => (isConnected ? 'it is connected' : null),
  'backing-off': ({ lastFailure, lastEndAt }, { until }) => {
    if (lastFailure === null) return 'it has not failed';
    return lastEndAt > NEVER && (until ?? Infinity) > lastEndAt + LONGEST_MS + 1 ? 'for longer than six hours' : null;
  },
  'at-limit': (_known, _hold, { active, bounds }) =>
    active < bounds.maxConcurrentRuns ? `only ${String(active)} run` : null,
  'in-flight': ({ uuid, active }, _hold, { passed }) =>
    active === null && !passed.busy.has(uuid) ? 'it has no run' : null,
  'target-unavailable': (_known, _hold, { failures }) =>
    failures.some((kind) => STORE_TROUBLE.includes(kind)) ? null : 'no run failed for it',
  'credential-refused': (_known, _hold, { passed, failures }) =>
    passed.isRefused || failures.includes('auth-rejected') ? null : 'nobody refused it',
  'api-stale': (_known, _hold, { passed }) =>
    passed.now - passed.answeredAt > FRESH_MS ? null : 'the answer is fresh',
};

const FORGOTTEN_MS = 30 * 86_400_000;

/** The longest overdue goes first, and a person's request before schedules. */
function unfairness(devices: ReadonlyMap<DeviceUuid, Known>, passed: Passed, bounds: Bounds): Violation | null {
  // What a wrong clock has left behind counts for the reconciler, and not here.
  if (bounds.forgivenAt > passed.now - FORGOTTEN_MS) return null;
  const sinceOf = (uuid: DeviceUuid): number => {
    const known = devices.get(uuid);
    return (known === undefined ? null : unmetOf(known, passed.now, bounds))?.since ?? passed.now;
  };
  const waiting = [...passed.held].filter(([, { reason }]) => reason === 'at-limit').map(([uuid]) => uuid);
  const begun = [...passed.started].filter((uuid) => devices.get(uuid)?.active !== null);
  const last = begun.toSorted((a, b) => sinceOf(b) - sinceOf(a))[0];
  const jumped = last === undefined ? undefined : waiting.find((uuid) => sinceOf(uuid) < sinceOf(last));
  if (last === undefined || jumped === undefined) return null;
  return { law: 'longest-overdue-first', detail: `${jumped} was jumped by ${last}` };
}
