import { instantOf } from '../../src/model/brand';
import { describeFailure, describeHold, describeProblem } from '../../src/model/describe';
import type { Failure } from '../../src/model/failure';
import { bytesText, durationText, instantText } from '../../src/model/shown';
import { aProblem } from '../support/desired';
import { everyFailure } from '../support/failures';

describe('failures in words', () => {
  it.each(everyFailure.map((failure) => ({ kind: failure.kind, failure })))(
    '$kind says in whole sentences all that the failure holds',
    ({ failure }) => {
      const text = describeFailure(failure);

      expect(text).toMatch(/^[A-Za-z]/);
      expect(text).not.toMatch(/\bnull\b|NaN|\[object|\.\.|: ?\.|\(\)/);
      for (const detail of detailsOf(failure)) expect(text).toContain(detail);
    },
  );

  it.each<{ name: string; failure: Failure; says: RegExp }>([
    {
      name: 'a refused API key',
      failure: { kind: 'auth-rejected', who: 'api', detail: '' },
      says: /^The balena API refused CLI_API_KEY\. Set it/,
    },
    {
      name: 'an API without an answer',
      failure: { kind: 'api-unavailable', status: null, retryAfterMs: null, detail: 'timed out' },
      says: /^The balena API gave no answer: timed out\. See that it can be reached; it is asked again by the next pass$/,
    },
    {
      name: 'a signal',
      failure: {
        kind: 'remote-command-failed',
        exitCode: null,
        signal: 'KILL',
        stderrTail: ' out of memory. ',
        durationMs: 5,
      },
      says: /\(signal KILL after 5 ms\): out of memory\. See/,
    },
    {
      name: 'a long output, of which the last lines say why',
      failure: {
        kind: 'remote-command-failed',
        exitCode: 1,
        signal: null,
        stderrTail: 'first\nsecond\n\nthird\nfourth\n',
        durationMs: 5,
      },
      says: /5 ms\): second \| third \| fourth\. See/,
    },
    {
      name: "a full device's disk",
      failure: { kind: 'store-full', where: 'device', freeBytes: null, detail: '' },
      says: /^The device's disk is full\. Free some space on the device/,
    },
  ])('$name', ({ failure, says }) => {
    expect(describeFailure(failure)).toMatch(says);
  });
});

function detailsOf(failure: Failure): readonly string[] {
  if ('detail' in failure) return [failure.detail];
  if ('names' in failure) return failure.names;
  return [];
}

describe('other things in words', () => {
  it.each([
    { origin: { kind: 'default', variable: 'BACKUP_URL' }, says: 'the default of BACKUP_URL: wrong' },
    { origin: { kind: 'environment', variable: 'BACKUP_URL' }, says: 'the variable BACKUP_URL: wrong' },
    { origin: { kind: 'fleet-tag', tag: 'backupUrl' }, says: "the fleet's tag backupUrl: wrong" },
    { origin: { kind: 'device-tag', tag: 'backupUrl' }, says: "the device's tag backupUrl: wrong" },
  ] as const)('a problem: $says', ({ origin, says }) => {
    expect(describeProblem(aProblem({ origin, message: 'wrong' }))).toBe(says);
  });

  it('each reason to wait has its own words', () => {
    const reasons = [
      'in-flight',
      'backing-off',
      'target-unavailable',
      'credential-refused',
      'api-stale',
      'offline',
      'at-limit',
    ] as const;

    expect(new Set(reasons.map(describeHold)).size).toBe(reasons.length);
  });

  it.each([
    { ms: 0, text: '0 ms' },
    { ms: 999, text: '999 ms' },
    { ms: 1000, text: '1 s' },
    { ms: 90_000, text: '1 min 30 s' },
    { ms: 3_600_000, text: '1 h' },
    { ms: 93_600_000, text: '1 d 2 h' },
    { ms: 86_400_000 + 60_000, text: '1 d' },
  ])('a span of $ms ms: $text', ({ ms, text }) => {
    expect(durationText(ms)).toBe(text);
  });

  it.each([
    { bytes: 0, text: '0 bytes' },
    { bytes: 1, text: '1 byte' },
    { bytes: 1023, text: '1023 bytes' },
    { bytes: 1536, text: '1.5 KiB' },
    { bytes: 20 * 1024 ** 3, text: '20 GiB' },
  ])('$bytes bytes: $text', ({ bytes, text }) => {
    expect(bytesText(bytes)).toBe(text);
  });

  it('an instant to the second', () => {
    expect(instantText(instantOf(0))).toBe('1970-01-01T00:00:00Z');
  });
});
