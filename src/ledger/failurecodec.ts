import * as t from 'io-ts';
import type { Failure } from '../model/failure';

const textOrNull = t.union([t.string, t.null]);
const numberOrNull = t.union([t.number, t.null]);

const Origin = t.union([
  t.readonly(t.type({ kind: t.literal('default'), variable: t.string })),
  t.readonly(t.type({ kind: t.literal('environment'), variable: t.string })),
  t.readonly(t.type({ kind: t.literal('fleet-tag'), tag: t.string })),
  t.readonly(t.type({ kind: t.literal('device-tag'), tag: t.string })),
]);

const problems = t.readonlyArray(t.readonly(t.type({ field: t.string, origin: Origin, message: t.string })));
const names = t.readonlyArray(t.string);

function failure<K extends string, P extends t.Props>(
  kind: K,
  props: P,
): t.ReadonlyC<t.TypeC<{ kind: t.LiteralC<K> } & P>> {
  return t.readonly(t.type({ kind: t.literal(kind), ...props }));
}

/** A failure as the ledger stores it. That every kind is here is checked by the type of `FailureCodec`. */
const stored = t.union([
  failure('device-unreachable', {
    phase: t.keyof({ resolve: null, connect: null, handshake: null, channel: null }),
    detail: t.string,
  }),
  failure('auth-rejected', { who: t.keyof({ api: null, ssh: null }), detail: t.string }),
  failure('host-key-changed', { host: t.string, expected: t.string, got: t.string }),
  failure('credential-missing', { what: t.string, detail: t.string }),
  failure('api-unavailable', { status: numberOrNull, retryAfterMs: numberOrNull, detail: t.string }),
  failure('remote-command-failed', {
    exitCode: numberOrNull,
    signal: textOrNull,
    stderrTail: t.string,
    durationMs: t.number,
  }),
  failure('timed-out', { phase: t.string, limitMs: t.number }),
  failure('output-too-large', { limitBytes: t.number }),
  failure('integrity-mismatch', { expected: t.string, got: t.string }),
  failure('chain-broken', { detail: t.string }),
  failure('store-full', { where: t.keyof({ device: null, target: null }), freeBytes: numberOrNull, detail: t.string }),
  failure('store-unavailable', { detail: t.string }),
  failure('image-lacking', { image: t.string, names }),
  failure('image-unavailable', { image: t.string, detail: t.string }),
  failure('volume-missing', { names }),
  failure('volumes-none', {}),
  failure('volume-emptied', { names }),
  failure('passphrase-wrong', { detail: t.string }),
  failure('clock-behind', { detail: t.string }),
  failure('clock-ahead', { detail: t.string }),
  failure('device-busy', { runId: t.string }),
  failure('run-lost', { detail: t.string }),
  failure('not-proven', { detail: t.string }),
  failure('restore-refused', { detail: t.string }),
  failure('restore-failed', {
    state: t.keyof({ untouched: null, mixture: null }),
    volumes: names,
    detail: t.string,
  }),
  failure('policy-invalid', { problems }),
  failure('cancelled', { by: t.keyof({ shutdown: null, superseded: null, person: null }) }),
  failure('defect', { detail: t.string, stack: textOrNull }),
]);

/** Every kind is stored: a kind that is missing above makes this line not compile. */
export const FailureCodec: t.Type<Failure, unknown> = t.recursion('Failure', () => stored);
