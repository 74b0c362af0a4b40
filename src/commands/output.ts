import { type Either, left, right } from 'fp-ts/Either';
import type { Instant } from '../model/brand';
import { quoted } from '../model/quote';

/** For people, or for programs. */
export type Output = 'text' | 'json';

/** What was typed behind `--output`, or what is wrong with it. */
export function outputOf(typed: string): Either<string, Output> {
  if (typed === 'text' || typed === 'json') return right(typed);
  return left(`--output ${quoted(typed)} is not known: write --output json, or leave it out.`);
}

/** An instant as programs read it: ISO 8601 in UTC. */
export function instantJson(at: Instant | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
