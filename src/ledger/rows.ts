import { isRight } from 'fp-ts/Either';
import * as t from 'io-ts';
import type { ActionKind } from '../model/action';
import { ActionId, DeviceUuid, Instant, RunId } from '../model/brand';
import type { BegunPhase, EndedRun, RunPhase, RunRecord } from '../model/run';
import type { Slot } from '../model/slot';
import { FailureCodec } from './failurecodec';
import { LedgerError } from './ledgererror';
import { OutcomeCodec } from './outcomecodec';

const instantOrNull = t.union([Instant, t.null]);
const numberOrNull = t.union([t.number, t.null]);
const textOrNull = t.union([t.string, t.null]);

const SlotCodec: t.Type<Slot, unknown> = t.recursion('Slot', () =>
  t.union([
    t.readonly(t.type({ kind: t.literal('schedule'), at: Instant })),
    t.readonly(t.type({ kind: t.literal('request'), token: t.string })),
    t.readonly(t.type({ kind: t.literal('manual'), at: Instant })),
  ]),
);

const kinds: Readonly<Record<ActionKind, null>> = {
  backup: null,
  execute: null,
  survey: null,
  restore: null,
};
const phases: Readonly<Record<RunPhase, null>> = {
  connecting: null,
  preparing: null,
  pulling: null,
  running: null,
  verifying: null,
  exchanging: null,
  collecting: null,
};

const RunRow = t.type({
  seq: t.number,
  run_id: RunId,
  action_id: ActionId,
  kind: t.keyof(kinds),
  device: DeviceUuid,
  device_name: t.string,
  slot: t.string,
  attempt: t.number,
  nonce: t.string,
  place: t.string,
  started_at: Instant,
  ended_at: instantOrNull,
  owner_process: t.string,
  owner_started_at: Instant,
  lease_until: Instant,
  phase: t.keyof(phases),
  // A ledger that no controller of this version has opened yet does not have it.
  phases: t.union([t.string, t.undefined]),
  outcome: textOrNull,
});

export const DeviceRow = t.type({
  uuid: DeviceUuid,
  name: t.string,
  seen: t.number,
  enabled: t.number,
  enabled_since: Instant,
  schedule_since: Instant,
  schedule_key: t.string,
  policy_key: t.string,
  handled_slot: instantOrNull,
  handled_request: textOrNull,
  failures: t.number,
  retry_at: instantOrNull,
  last_run: numberOrNull,
  last_success: numberOrNull,
  last_full: numberOrNull,
  attempts: t.string,
});
export type DeviceRow = t.TypeOf<typeof DeviceRow>;

/** The latest actions of a device, oldest first, with the highest attempt at each. */
const Attempts = t.readonlyArray(t.readonly(t.tuple([ActionId, t.number])));
export type Attempts = t.TypeOf<typeof Attempts>;

const Phases = t.readonlyArray(t.readonly(t.type({ phase: t.keyof(phases), at: Instant })));

/** A run and where it is in the order of runs. */
export interface StoredRun {
  readonly seq: number;
  readonly run: RunRecord;
}

const EndingRow = t.intersection([
  t.type({ seq: t.number, device: DeviceUuid, place: t.string, ended_at: Instant }),
  t.union([
    t.type({ kind: t.literal('succeeded'), snapshot_at: instantOrNull }),
    t.type({ kind: t.literal('failed'), failure: t.string }),
  ]),
]);

/** What decisions need of a run that has ended. */
export interface Ending extends EndedRun {
  readonly device: DeviceUuid;
}

/** The row as what it is, or a LedgerError that names the record and never its content. */
export function decodeRow<T>(codec: t.Type<T, unknown>, row: unknown, what: string): T {
  const read = codec.decode(row);
  if (isRight(read)) return read.right;
  const fields = read.left.map(({ context }) => context.map(({ key }) => key).join('.'));
  throw new LedgerError(
    `the ledger holds ${what} that cannot be read (${[...new Set(fields)].slice(0, 3).join(', ')}). Bring back a copy of the ledger, or move its files elsewhere to start with an empty one`,
  );
}

/** A row of `run`. */
export function storedRunOf(row: unknown): StoredRun {
  const read = decodeRow(RunRow, row, 'a run');
  const run: RunRecord = {
    runId: read.run_id,
    actionId: read.action_id,
    kind: read.kind,
    device: read.device,
    deviceName: read.device_name,
    slot: decodeRow(SlotCodec, parseJson(read.slot), 'a slot'),
    attempt: read.attempt,
    nonce: read.nonce,
    place: read.place,
    startedAt: read.started_at,
    endedAt: read.ended_at,
    owner: { process: read.owner_process, startedAt: read.owner_started_at },
    leaseUntil: read.lease_until,
    phase: read.phase,
    phases: phasesOf(read.phases ?? '[]'),
    outcome: read.outcome === null ? null : decodeRow(OutcomeCodec, parseJson(read.outcome), 'an outcome'),
  };
  return { seq: read.seq, run };
}

/** A row of `run` with the parts of its outcome in columns of their own. */
export function endingOf(row: unknown): Ending {
  const read = decodeRow(EndingRow, row, 'a run');
  const { seq, device, place, ended_at: endedAt } = read;
  if (read.kind === 'succeeded') return { seq, device, place, endedAt, failure: null, snapshotAt: read.snapshot_at };
  const failure = decodeRow(FailureCodec, parseJson(read.failure), 'a failure');
  return { seq, device, place, endedAt, failure, snapshotAt: null };
}

/** The column `attempts`. */
export function attemptsOf(text: string): Attempts {
  return decodeRow(Attempts, parseJson(text), 'attempts');
}

/** The column `phases`. */
export function phasesOf(text: string): readonly BegunPhase[] {
  return decodeRow(Phases, parseJson(text), 'phases');
}

/** Undefined, which no codec accepts, for what is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
