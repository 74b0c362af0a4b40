import { type Either, isRight, left, right } from 'fp-ts/Either';
import { didYouMean } from './suggest';
import type { Word } from './words';

/** What names in a URL may stand for. */
export interface Variables {
  /** The full UUID of the device: `$UUID`. */
  readonly uuid: string;
  readonly environment: ReadonlyMap<string, string>;
  /** `BACKUP_URL_VARIABLES`: only these may be used; null: all that are not forbidden. */
  readonly allowed: readonly string[] | null;
  /** Whether a name may never be used, whatever a tag says. */
  readonly isForbidden: (name: string) => boolean;
}

const REFERENCE = /\0\$|\$(?:\{([^}]*)\}|([A-Za-z_][A-Za-z0-9_]*))|\$/g;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Replaces `$NAME` and `${NAME}` in the pieces that are not literal. A value never makes a new word and is never
 * expanded again. A message names the variable and never its value.
 */
export function expandWord(word: Word, variables: Variables): Either<string, string> {
  const problems: string[] = [];
  const replaced = word.map((piece) => {
    if (piece.literal) return piece.text;
    return piece.text.replace(REFERENCE, (match: string, braced: string | undefined, bare: string | undefined) => {
      if (match === '\0$') return '$';
      const value = valueOf(braced ?? bare ?? '', variables);
      if (isRight(value)) return value.right;
      problems.push(value.left);
      return '';
    });
  });
  return problems[0] === undefined ? right(replaced.join('')) : left(problems[0]);
}

function valueOf(name: string, variables: Variables): Either<string, string> {
  if (!NAME.test(name))
    return left('a $ does not stand before a name; write $NAME or ${NAME}, or \\$ for the sign itself');
  if (name === 'UUID') return right(variables.uuid);
  if (variables.isForbidden(name)) {
    return left(
      `$${name} may not be used in a URL, since whoever edits tags could send it away; use a variable of its own`,
    );
  }
  if (variables.allowed !== null && !variables.allowed.includes(name)) {
    return left(`$${name} is not in BACKUP_URL_VARIABLES, which lists what URLs may use; add it there`);
  }
  const value = variables.environment.get(name);
  if (value !== undefined && value !== '') return right(value);
  const state = value === '' ? 'is empty' : 'is not set';
  return left(
    `$${name} ${state} on the orchestrator; set it there${didYouMean(name, usable(variables), (near) => `$${near}`)}`,
  );
}

function usable(variables: Variables): readonly string[] {
  const names = [...variables.environment].filter(([, value]) => value !== '').map(([name]) => name);
  const open = names.filter((name) => !variables.isForbidden(name) && (variables.allowed?.includes(name) ?? true));
  return ['UUID', ...open];
}
