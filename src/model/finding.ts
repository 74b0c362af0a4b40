import { describeFailure } from './describe';
import type { Failure } from './failure';

/** What a check has found: why it says so, and what to do where it is not well. */
export interface Finding {
  readonly state: 'ok' | 'warn' | 'bad';
  readonly why: string;
  readonly fix: string | null;
}

/** One thing that `doctor` looks at, by itself; nothing is changed by looking. */
export interface Check {
  /** What is looked at, in a word or two. */
  readonly what: string;
  readonly limitMs: number;
  /** May reject: that is a finding too. */
  readonly examine: (signal: AbortSignal) => Promise<readonly Finding[]>;
}

export function ok(why: string): Finding {
  return { state: 'ok', why, fix: null };
}

export function warn(why: string, fix: string): Finding {
  return { state: 'warn', why, fix };
}

export function bad(why: string, fix: string): Finding {
  return { state: 'bad', why, fix };
}

/** A failure as a finding: its last sentence is what to do. */
export function badBy(failure: Failure): Finding {
  const words = describeFailure(failure);
  const end = words.lastIndexOf('. ');
  return end < 0 ? bad(words, 'See the log of the controller.') : bad(words.slice(0, end), words.slice(end + 2));
}
