import { type Either, left, right } from 'fp-ts/Either';
import type { Instant } from '../model/brand';
import { quoted } from '../model/quote';
import type { Call } from './call';

/** For people, or for programs. */
export type Output = 'text' | 'json';

/** What `--output` says, or what is wrong with it. */
export function outputOf({ values }: Pick<Call, 'values'>): Either<string, Output> {
  const typed = values.get('output') ?? 'text';
  if (typed === 'text' || typed === 'json') return right(typed);
  return left(`--output ${quoted(typed)} is not known: write --output json, or leave it out.`);
}

/** An instant as programs read it: ISO 8601 in UTC. */
export function instantJson(at: Instant | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
