import { type Failure, RUN_LIMITS } from '../model/failure';
import type { Effect, Outcome, Retention } from '../model/run';
import { parseSetTime } from '../model/sets';
import { instantText } from '../model/shown';
import type { ContainerEnd, FailedResult, GoodResult, RunResult } from './records';
import { restoreRefusal } from './restorewords';

export type Ended = Exclude<Outcome, { readonly kind: 'detached' }>;

/** What is known when a run's container has ended. */
export interface Evidence {
  readonly result: RunResult | null;
  readonly end: ContainerEnd;
  /** The last lines of output, scrubbed. */
  readonly tail: readonly string[];
  readonly warnings: readonly string[];
  readonly image: string;
  readonly deviceLocal: boolean;
  readonly runTimeoutMs: number;
  readonly stallTimeoutMs: number;
  /** How long it is since the run was begun, on our clock. */
  readonly durationMs: number;
  readonly scrub: (text: string) => string;
}

/** Succeeded only with the whole of the evidence; anything less is a failure with its kind. */
export function outcomeOf(evidence: Evidence): Ended {
  const { result, tail, warnings } = evidence;
  if (result === null) return { kind: 'failed', failure: withoutResult(evidence), tail };
  if (!result.ok) {
    return {
      kind: 'failed',
      failure: 'kind' in result ? refusal(result, evidence) : failureOf(result, evidence),
      tail,
    };
  }
  const effect = effectOf(result, workedMsOf(evidence));
  if (effect !== null) return { kind: 'succeeded', effect, tail, warnings };
  const detail = 'the container reported a snapshot without a time';
  return { kind: 'failed', failure: { kind: 'not-proven', detail }, tail };
}

/** What a good result says was brought about; null where it does not say when. */
function effectOf(result: Extract<RunResult, { readonly ok: true }>, durationMs: number | null): Effect | null {
  if ('executed' in result) return { kind: 'executed', command: result.executed };
  if ('survey' in result) return { kind: 'surveyed', survey: result.survey };
  if ('restored' in result) return { kind: 'restored', restored: result.restored };
  const snapshotAt = parseSetTime(result.snapshotAt);
  if (snapshotAt === null || result.statistics.errors > 0) return null;
  return {
    kind: 'stored',
    mode: result.mode === 'inc' ? 'incremental' : 'full',
    statistics: { ...result.statistics, durationMs },
    volumes: [...result.volumes].sort(),
    emptyVolumes: [...result.emptyVolumes].sort(),
    snapshotAt,
    retention: retentionOf(result),
  };
}

/** No container worked for longer than its run has been there: the device's clock was set while it did. */
function workedMsOf({ end, durationMs }: Evidence): number | null {
  return end.ranMs === null || end.ranMs > durationMs ? null : end.ranMs;
}

function spentMsOf(evidence: Evidence): number {
  return workedMsOf(evidence) ?? evidence.durationMs;
}

function retentionOf({ retention }: GoodResult): Retention | null {
  if (retention === undefined) return null;
  const dropped = retention.dropped.map(parseSetTime).filter((time) => time !== null);
  return { keptFull: retention.kept, dropped, healed: retention.healed };
}

function withoutResult(evidence: Evidence): Failure {
  const { end } = evidence;
  const killed = end.outOfMemory || end.exitCode === 137;
  if (!killed)
    return {
      kind: 'run-lost',
      detail: `the container ended with code ${String(end.exitCode)} and without a result, as after a restart of the device`,
    };
  const words = end.outOfMemory ? 'the device ran out of memory and ended the run' : 'the run was killed on the device';
  const durationMs = spentMsOf(evidence);
  return { kind: 'remote-command-failed', exitCode: 137, signal: 'SIGKILL', stderrTail: words, durationMs };
}

function refusal(
  { kind, names }: { readonly kind: string; readonly names: readonly string[] },
  { image }: Evidence,
): Failure {
  switch (kind) {
    case 'volume-emptied':
      return { kind: 'volume-emptied', names };
    case 'passphrase-wrong':
      return { kind: 'passphrase-wrong', detail: 'the passphrase is not the one of the former backups' };
    case 'clock-behind':
      return {
        kind: 'clock-behind',
        detail: `the last backup is of ${timesText(names)}, which is in the device's future`,
      };
    case 'clock-ahead':
      return { kind: 'clock-ahead', detail: `it shows ${timesText(names)}` };
    case 'replicate':
      return {
        kind: 'remote-command-failed',
        exitCode: null,
        signal: null,
        stderrTail:
          'Duplicity dropped replicate in version 3; copy the files of the target as they are, for example with rclone: they are encrypted already',
        durationMs: 0,
      };
    case 'image':
      return { kind: 'image-lacking', image, names };
    default:
      return restoreRefusal(kind, names) ?? unknownRefusal(kind);
  }
}

/** As logs show times, where they can be read. */
function timesText(times: readonly string[]): string {
  const shown = times.map((time) => {
    const at = parseSetTime(time);
    return at === null ? time : instantText(at);
  });
  return shown.join(', ');
}

function unknownRefusal(kind: string): Failure {
  return { kind: 'not-proven', detail: `the container refused with an unknown reason (${kind.slice(0, 40)})` };
}

interface Rule {
  readonly exits: readonly number[];
  readonly words: RegExp | null;
  readonly failure: (detail: string, evidence: Evidence) => Failure;
}

const where = ({ deviceLocal }: Evidence): 'device' | 'target' => (deviceLocal ? 'device' : 'target');

/** In order: words say more than exit codes, which Duplicity uses for many things at once. */
const RULES: readonly Rule[] = [
  {
    exits: [35],
    words: /temp(?:orary)? (?:space|dir)/i,
    failure: (detail) => ({ kind: 'store-full', where: 'device', freeBytes: null, detail }),
  },
  {
    exits: [53],
    words: /no space left|quota exceeded|file too large|disk full|insufficient storage|\b507\b/i,
    failure: (detail, evidence) => ({
      kind: 'store-full',
      where: /\/archive|\/staging|\/tmp\//.test(detail) ? 'device' : where(evidence),
      freeBytes: null,
      detail,
    }),
  },
  {
    exits: [31],
    words: /bad session key|decryption failed|bad passphrase|passphrase.*(?:wrong|incorrect|differ)/i,
    failure: (detail) => ({ kind: 'passphrase-wrong', detail }),
  },
  {
    exits: [17],
    words: /no (?:old )?backup chains? with active signatures/i,
    failure: (detail) => ({ kind: 'chain-broken', detail }),
  },
  {
    exits: [21, 44],
    words: null,
    failure: (detail) => ({ kind: 'integrity-mismatch', expected: 'the stored hash', got: detail }),
  },
  {
    // It asks for what would get it another token, and not for the one that was refused.
    exits: [],
    words: /dpbx: DPBX_APP_(?:KEY|SECRET) environment variable not set/,
    failure: () => ({
      kind: 'store-unavailable',
      detail: 'Dropbox refuses DPBX_ACCESS_TOKEN: it is wrong, or has expired',
    }),
  },
  {
    exits: [38, 50, 51, 52],
    words:
      /connection|could not connect|host key|permission denied|refused|timed out|unreachable|resolve|returned 255|authentication|unauthorized|invalid_grant/i,
    failure: (detail) => ({ kind: 'store-unavailable', detail }),
  },
];

function failureOf(result: FailedResult, evidence: Evidence): Failure {
  const { runTimeoutMs, stallTimeoutMs, scrub } = evidence;
  if (result.limit === 'run') return { kind: 'timed-out', phase: RUN_LIMITS.run, limitMs: runTimeoutMs };
  if (result.limit === 'stall') return { kind: 'timed-out', phase: RUN_LIMITS.stall, limitMs: stallTimeoutMs };
  if (result.limit === 'room') return noRoom;
  const detail = scrub(
    result.words.trim() === '' ? `exit code ${String(result.exit)} at ${result.step}` : result.words.trim(),
  );
  const rule = RULES.find(({ exits, words }) => exits.includes(result.exit) || (words?.test(detail) ?? false));
  if (rule !== undefined && result.exit !== 0) return rule.failure(detail, evidence);
  if (result.exit === 0 || result.step === 'statistics') {
    return { kind: 'not-proven', detail: `${reasonAt(result.step)}: ${detail}` };
  }
  const signal = result.exit === 137 ? 'SIGKILL' : null;
  const durationMs = spentMsOf(evidence);
  return { kind: 'remote-command-failed', exitCode: result.exit, signal, stderrTail: detail, durationMs };
}

const noRoom: Failure = {
  kind: 'restore-refused',
  detail:
    'the disk of the device would have got too full. Free some space on it, restore volumes one by one with --volumes, or use --in-place',
};

function reasonAt(step: string): string {
  if (step === 'retention') return 'a snapshot that was to stay does not show any more after old ones were removed';
  if (step === 'proof') return 'a listing of the target does not show the new snapshot';
  if (step === 'restore') return 'Duplicity could not restore all of it';
  return step === 'statistics'
    ? 'Duplicity gave no statistics without errors'
    : 'Duplicity reported an error and still ended with 0';
}
