import { type Ended, type Evidence, outcomeOf } from '../../src/executors/classify';
import { parseEnd, parseResult } from '../../src/executors/records';
import type { Failure } from '../../src/model/failure';

const ended = (over: Partial<Evidence>): Ended =>
  outcomeOf({
    result: null,
    end: { exitCode: 1, outOfMemory: false, ranMs: null },
    tail: [],
    warnings: [],
    image: 'duplicity',
    deviceLocal: false,
    runTimeoutMs: 1000,
    stallTimeoutMs: 1000,
    durationMs: 1,
    scrub: (text) => text,
    ...over,
  });

/** What a listing with these words of Duplicity has failed by. */
function failureBy(words: string, exit: number): Failure {
  const outcome = ended({ result: { ok: false, step: 'listing', exit, error: String(exit), words, limit: '' } });
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

describe('a clock that is wrong', () => {
  test.each([
    {
      kind: 'clock-behind',
      at: '20301124T115000Z',
      detail: "the last backup is of 2030-11-24T11:50:00Z, which is in the device's future",
    },
    { kind: 'clock-ahead', at: '20380119T031407Z', detail: 'it shows 2038-01-19T03:14:07Z' },
    { kind: 'clock-ahead', at: 'soon', detail: 'it shows soon' },
  ])('$kind by $at is told with the time as people read it', ({ kind, at, detail }) => {
    expect(ended({ result: { ok: false, kind, names: [at] } })).toMatchObject({ failure: { kind, detail } });
  });
});

describe('how long the container worked', () => {
  const GOOD =
    '{"ok":true,"mode":"inc","snapshotAt":"20261124T115000Z","volumes":["data"],"emptyVolumes":[],"statistics":{"sourceFiles":4,"sourceBytes":100,"newFiles":1,"changedFiles":0,"deletedFiles":0,"storedBytes":50,"errors":0}}';
  const HOUR_MS = 3_600_000;

  test.each<{ title: string; times: string; ranMs: number | null }>([
    {
      title: 'is what the engine says, though a controller that was away hears of it an hour later',
      times: '2026-11-24T11:49:00.123456789Z 2026-11-24T11:51:03.623456789Z',
      ranMs: 123_500,
    },
    {
      title: 'is not known where the clock of the device was set forward meanwhile',
      times: '1970-01-01T00:00:40.1Z 2026-11-24T11:51:03.6Z',
      ranMs: null,
    },
    {
      title: 'is not known where it was set back meanwhile',
      times: '2026-11-24T11:51:03.6Z 2026-11-24T11:49:00.1Z',
      ranMs: null,
    },
    { title: 'is not known where the engine gives no times', times: 'soon later', ranMs: null },
  ])('$title', ({ times, ranMs }) => {
    const end = parseEnd(`0 false ${times}`);
    if (end === null) throw new Error('the end is not understood');
    expect(ended({ result: parseResult(GOOD), end, durationMs: HOUR_MS })).toMatchObject({
      effect: { statistics: { sourceFiles: 4, durationMs: ranMs } },
    });
    expect(ended({ end: { ...end, exitCode: 137 }, durationMs: HOUR_MS })).toMatchObject({
      failure: { kind: 'remote-command-failed', durationMs: ranMs ?? HOUR_MS },
    });
  });
});
