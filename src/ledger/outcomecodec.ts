import * as t from 'io-ts';
import { Instant } from '../model/brand';
import type { RunEnding } from '../model/ports';
import type { Effect } from '../model/run';
import { Restored, Survey } from '../model/survey';
import { FailureCodec } from './failurecodec';

const texts = t.readonlyArray(t.string);

/** Reads as null what rows of an older version do not have. */
function added<T>(name: string, codec: t.Type<T, unknown>): t.Type<T | null, unknown> {
  return new t.Type<T | null, unknown>(
    name,
    (value): value is T | null => value === null || codec.is(value),
    (value, context) => (value === undefined || value === null ? t.success(null) : codec.validate(value, context)),
    t.identity,
  );
}

const Statistics = t.readonly(
  t.type({
    sourceFiles: t.number,
    sourceBytes: t.number,
    newFiles: t.number,
    changedFiles: t.number,
    deletedFiles: t.number,
    storedBytes: t.number,
    errors: t.number,
    durationMs: added('DurationMs', t.number),
  }),
);

const Retained = t.readonly(t.type({ keptFull: t.number, dropped: t.readonlyArray(Instant), healed: t.number }));

const Stored = t.readonly(
  t.type({
    kind: t.literal('stored'),
    mode: t.keyof({ full: null, incremental: null }),
    statistics: Statistics,
    volumes: texts,
    emptyVolumes: texts,
    snapshotAt: Instant,
    retention: added('Retention', Retained),
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
