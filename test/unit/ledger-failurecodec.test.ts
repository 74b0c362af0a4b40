import { isRight } from 'fp-ts/Either';
import { FailureCodec } from '../../src/ledger/failurecodec';
import type { Failure } from '../../src/model/failure';

const kept: readonly Failure[] = [
  { kind: 'device-unreachable', phase: 'connect', detail: 'refused' },
  { kind: 'api-unavailable', status: 429, retryAfterMs: 1000, detail: 'too many requests' },
  { kind: 'store-full', where: 'target', freeBytes: null, detail: 'no space left' },
  { kind: 'volume-missing', names: ['data'] },
  { kind: 'volumes-none' },
  {
    kind: 'policy-invalid',
    problems: [{ field: 'backupUrl', origin: { kind: 'fleet-tag', tag: 'backupUrl' }, message: 'no URL' }],
  },
  { kind: 'defect', detail: 'a bug', stack: null },
];

describe('failures in the ledger', () => {
  it.each(kept.map((failure) => ({ kind: failure.kind, failure })))(
    '$kind comes back as it was stored',
    ({ failure }) => {
      const read = FailureCodec.decode(JSON.parse(JSON.stringify(failure)));

      expect(isRight(read) ? read.right : 'refused').toEqual(failure);
    },
  );

  it.each([
    { name: 'an unknown kind', stored: { kind: 'gremlins' } },
    { name: 'a field that is missing', stored: { kind: 'volume-missing' } },
    { name: 'a field of another type', stored: { kind: 'timed-out', phase: 'run', limitMs: '1' } },
    { name: 'no object', stored: null },
  ])('$name is refused', ({ stored }) => {
    expect(isRight(FailureCodec.decode(stored))).toBe(false);
  });
});
