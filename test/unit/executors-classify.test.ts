import { outcomeOf } from '../../src/executors/classify';
import type { Failure } from '../../src/model/failure';

/** What a listing with these words of Duplicity has failed by. */
function failureBy(words: string, exit: number): Failure {
  const outcome = outcomeOf({
    result: { ok: false, step: 'listing', exit, error: String(exit), words, limit: '' },
    end: { exitCode: 1, outOfMemory: false },
    tail: [],
    warnings: [],
    image: 'duplicity',
    deviceLocal: false,
    runTimeoutMs: 1000,
    stallTimeoutMs: 1000,
    durationMs: 1,
    scrub: (text) => text,
  });
  if (outcome.kind !== 'failed') throw new Error(`it has ${outcome.kind}`);
  return outcome.failure;
}

describe('a credential that the store refuses', () => {
  test.each(['b2sdk.Unauthorized:  (unauthorized)', 'InvalidGrantError: (invalid_grant) AADSTS9002313'])(
    'is told as the library does: %s',
    (words) => {
      expect(failureBy(words, 30)).toEqual({ kind: 'store-unavailable', detail: words });
    },
  );

  test('is told by its variable where Duplicity asks for another one', () => {
    const detail = 'Dropbox refuses DPBX_ACCESS_TOKEN: it is wrong, or has expired';
    for (const name of ['DPBX_APP_KEY', 'DPBX_APP_SECRET'])
      expect(failureBy(`BackendException: dpbx: ${name} environment variable not set`, 23)).toEqual({
        kind: 'store-unavailable',
        detail,
      });
  });
});
