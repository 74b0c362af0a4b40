import * as t from 'io-ts';
import { Instant } from '../model/brand';
import type { RunEnding } from '../model/ports';
import type { Effect } from '../model/run';
import { Restored, Survey } from '../model/survey';
import { FailureCodec } from './failurecodec';

const texts = t.readonlyArray(t.string);

const Statistics = t.readonly(
  t.type({
    sourceFiles: t.number,
    sourceBytes: t.number,
    newFiles: t.number,
    changedFiles: t.number,
    deletedFiles: t.number,
    storedBytes: t.number,
    errors: t.number,
  }),
);

const Retained = t.readonly(t.type({ keptFull: t.number, dropped: t.readonlyArray(Instant), healed: t.number }));

/** Rows of an older version have none. */
const Retention = new t.Type<t.TypeOf<typeof Retained> | null, unknown>(
  'Retention',
  (value): value is t.TypeOf<typeof Retained> | null => value === null || Retained.is(value),
  (value, context) => (value === undefined || value === null ? t.success(null) : Retained.validate(value, context)),
  t.identity,
);

const Stored = t.readonly(
  t.type({
    kind: t.literal('stored'),
    mode: t.keyof({ full: null, incremental: null }),
    statistics: Statistics,
    volumes: texts,
    emptyVolumes: texts,
    snapshotAt: Instant,
    retention: Retention,
  }),
);

const Executed = t.readonly(t.type({ kind: t.literal('executed'), command: t.string }));
const Surveyed = t.readonly(t.type({ kind: t.literal('surveyed'), survey: Survey }));
const Refilled = t.readonly(t.type({ kind: t.literal('restored'), restored: Restored }));
const EffectCodec: t.Type<Effect, unknown> = t.recursion('Effect', () =>
  t.union([Stored, Executed, Surveyed, Refilled]),
);

const Succeeded = t.readonly(
  t.type({ kind: t.literal('succeeded'), effect: EffectCodec, tail: texts, warnings: texts }),
);

const Failed = t.readonly(t.type({ kind: t.literal('failed'), failure: FailureCodec, tail: texts }));

/** How a run ended, as the ledger stores it. */
export const OutcomeCodec: t.Type<RunEnding['outcome'], unknown> = t.recursion('Outcome', () =>
  t.union([Succeeded, Failed]),
);
