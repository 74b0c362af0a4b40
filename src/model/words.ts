import { type Either, left, right } from 'fp-ts/Either';

/** A piece of a word: text that stays as it is, or text in which variables are replaced. */
export interface Piece {
  readonly text: string;
  readonly literal: boolean;
}

/** The pieces of one word in order; a word in empty quotes has one empty piece. */
export type Word = readonly Piece[];

interface Step {
  readonly piece: Piece;
  readonly next: number;
}

/**
 * Splits like a POSIX shell: blanks between words, single quotes, double quotes, backslash. Nothing is evaluated: no
 * globs, no substitution, no operators. What single quotes or a backslash protect comes as literal pieces.
 */
export function parseWords(text: string): Either<string, readonly Word[]> {
  const words: Word[] = [];
  let word: Piece[] | null = null;
  let at = 0;
  while (at < text.length) {
    if (isBlank(text.charAt(at))) {
      if (word !== null) words.push(word);
      word = null;
      at += 1;
      continue;
    }
    const step = stepOf(text, at);
    if (typeof step === 'string') return left(step);
    word = [...(word ?? []), step.piece];
    at = step.next;
  }
  return right(word === null ? words : [...words, word]);
}

function stepOf(text: string, at: number): Step | string {
  switch (text.charAt(at)) {
    case "'":
      return singleQuoted(text, at + 1);
    case '"':
      return (
        inDoubleQuotes(text, at + 1) ?? 'a double quote (") is not closed; close it, or write \\" for the sign itself'
      );
    case '\\':
      return escaped(text, at);
    default:
      return plain(text, at);
  }
}

function singleQuoted(text: string, at: number): Step | string {
  const end = text.indexOf("'", at);
  if (end < 0) return "a single quote (') is not closed; close it, or write \\' for the sign itself";
  return { piece: { text: text.slice(at, end), literal: true }, next: end + 1 };
}

/**
 * The part of a double-quoted text up to its end. Pieces inside keep their kind by a private mark: `\$` becomes a NUL
 * and a dollar, which `expand` reads back; NUL itself cannot occur in a tag or a variable.
 */
function inDoubleQuotes(text: string, begin: number): Step | null {
  let inside = '';
  for (let at = begin; at < text.length; at += 1) {
    const sign = text.charAt(at);
    if (sign === '"') return { piece: { text: inside, literal: false }, next: at + 1 };
    const next = text.charAt(at + 1);
    if (sign === '\\' && '"\\$`'.includes(next) && next !== '') {
      inside += next === '$' ? '\0$' : next;
      at += 1;
    } else {
      inside += sign;
    }
  }
  return null;
}

function escaped(text: string, at: number): Step | string {
  if (at + 1 >= text.length) return 'it ends in a backslash, which stands for nothing; remove it or write \\\\';
  return { piece: { text: text.charAt(at + 1), literal: true }, next: at + 2 };
}

function plain(text: string, begin: number): Step {
  let end = begin;
  while (end < text.length && !isBlank(text.charAt(end)) && !`'"\\`.includes(text.charAt(end))) end += 1;
  return { piece: { text: text.slice(begin, end), literal: false }, next: end };
}

function isBlank(sign: string): boolean {
  return sign === ' ' || sign === '\t' || sign === '\n' || sign === '\r';
}
