import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { parseBytes } from './model/bytes';
import { parseDuration } from './model/duration';
import { quoted } from './model/quote';
import type { HostPort } from './model/settings';
import { nearest } from './model/suggest';
import { SETTINGS_VARIABLES } from './model/variables';

export type Environment = Readonly<Record<string, string | undefined>>;
export type ReadFile = (path: string) => string;
type Parser<T> = (text: string) => Either<string, T>;

/** Reads variables and collects what is wrong with them. No problem shows a value that may be secret. */
export class VariableReader {
  readonly #problems: string[] = [];
  readonly #environment: Environment;
  readonly #readFile: ReadFile;

  public constructor(environment: Environment, readFile: ReadFile) {
    this.#environment = environment;
    this.#readFile = readFile;
  }

  public get problems(): readonly string[] {
    return this.#problems;
  }

  public reject(variable: string, problem: string): void {
    this.#problems.push(`${variable}: ${problem}`);
  }

  /** The variable's text; an empty one counts as not set. */
  public text(variable: string): string | null {
    const value = this.#environment[variable];
    return value === undefined || value === '' ? null : value;
  }

  /** The variable's text, or what the file that `NAME_FILE` names holds, without its last line end. */
  public secret(variable: string): string | null {
    const value = this.text(variable);
    const path = this.text(`${variable}_FILE`);
    if (path === null) return value;
    if (value !== null) {
      this.reject(variable, `is given twice, by itself and by ${variable}_FILE; leave one of them out`);
      return null;
    }
    try {
      const held = this.#readFile(path).replace(/\r?\n$/, '');
      if (held !== '') return held;
      this.reject(`${variable}_FILE`, 'the file that it names is empty; put the value into it');
    } catch (error) {
      const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
      this.reject(
        `${variable}_FILE`,
        `the file that it names cannot be read (${reason}); check the path and its rights`,
      );
    }
    return null;
  }

  /** The parsed variable, or the fallback when it is not set or wrong (a problem is noted then). */
  public parsed<T>(variable: string, fallback: T, parse: Parser<T>): T {
    const text = this.text(variable);
    return text === null ? fallback : this.checked(variable, text, fallback, parse);
  }

  /** Notes a problem when the text cannot be parsed, and gives the fallback then. */
  public checked<T>(variable: string, text: string, fallback: T, parse: Parser<T>): T {
    const value = parse(text);
    if (!isLeft(value)) return value.right;
    this.reject(variable, withoutValue(value.left, text));
    return fallback;
  }
}

/** What a parser says quotes what it read: of a variable that may be a secret in the wrong place. A quote in it may pair with ours. */
function withoutValue(message: string, value: string): string {
  const parts = value.includes('"') ? /".*"/g : /"[^"]*"/g;
  return message.replaceAll(quoted(value), 'its value').replace(parts, '[a part of it]');
}

export const parseBoolean: Parser<boolean> = (text) => {
  if (text === 'true' || text === 'false') return right(text === 'true');
  return left(`${quoted(text)} is neither true nor false; write true or false`);
};

/** One of the words. */
export function oneOf<const T extends string>(words: readonly T[]): Parser<T> {
  return (text) => {
    const word = words.find((each) => each === text);
    return word === undefined
      ? left(`${quoted(text)} is none of ${words.join(', ')}; write one of these`)
      : right(word);
  };
}

export function listOf<const T extends string>(words: readonly T[]): Parser<readonly T[]> {
  return (text) => {
    const chosen: T[] = [];
    for (const each of text.split(',')) {
      const word = oneOf(words)(each.trim());
      if (isLeft(word)) return word;
      if (!chosen.includes(word.right)) chosen.push(word.right);
    }
    return right(chosen);
  };
}

/** A whole number from 1 on. */
export const parseCount: Parser<number> = (text) => {
  if (/^[1-9]\d{0,5}$/.test(text)) return right(Number(text));
  return left(`${quoted(text)} is not a whole number from 1 to 999999`);
};

/** Fractions of a processor core. */
export const parseCpus: Parser<number> = (text) => {
  const number = /^\d{1,3}(?:\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  return number > 0 ? right(number) : left(`${quoted(text)} is not a number of processor cores; write for example 0.5`);
};

/** The engine refuses less than 6 MiB, and Duplicity needs more than that. */
export const parseMemory: Parser<number> = (text) => {
  const bytes = parseBytes(text);
  if (isLeft(bytes) || bytes.right >= 32 * 1024 ** 2) return bytes;
  return left(`${quoted(text)} is too little for Duplicity; write at least 32M`);
};

/** A duration that a timer can count: 24 days at the most. */
export const parseTimer: Parser<number> = (text) => {
  const ms = parseDuration(text);
  if (isLeft(ms) || ms.right <= 24 * 86_400_000) return ms;
  return left(`${quoted(text)} is more than 24 days; write a shorter duration`);
};

export function parseHostPort(defaultPort: number): Parser<HostPort> {
  return (text) => {
    const [, host = '', port] = /^([A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?$/.exec(text) ?? [];
    const number = port === undefined ? defaultPort : Number(port);
    if (host !== '' && number >= 1 && number <= 65_535)
      return right({ host: host.replace(/[[\]]/g, ''), port: number });
    return left(`${quoted(text)} is not a host; write HOST or HOST:PORT`);
  };
}

/** A public key: `type base64`, with or without a host or comment around it. */
export const parseHostKey: Parser<string> = (text) => {
  const [, key] =
    /(?:^|\s)((?:ssh-(?:ed25519|rsa)|ecdsa-sha2-nistp\d{3}) [A-Za-z0-9+/]+={0,2})(?:\s|$)/.exec(text) ?? [];
  if (key !== undefined) return right(key);
  return left('is not a public host key; write one line such as ssh-ed25519 AAAA...');
};

export const parseApiUrl: Parser<string> = (text) => {
  const valid = /^https?:\/\/[A-Za-z0-9.-]+(?::\d{1,5})?\/?$/.test(text);
  if (valid) return right(text.replace(/\/$/, ''));
  return left(`${quoted(text)} is not the address of an API; write for example https://api.balena-cloud.com`);
};

/** Slugs of fleets: `organisation/name`. */
export const parseFleets: Parser<readonly string[]> = (text) => {
  const slugs = text.split(',').map((slug) => slug.trim().toLowerCase());
  const bad = slugs.find((slug) => !/^[a-z0-9_.-]+\/[a-z0-9_.-]+$/.test(slug));
  if (bad === undefined) return right(slugs);
  return left(`${quoted(bad)} is not a fleet's slug; write ORGANISATION/FLEET, with commas between them`);
};

export const parseNames: Parser<readonly string[]> = (text) => {
  const names = text.split(',').map((name) => name.trim().replace(/^\$/, ''));
  const bad = names.find((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
  return bad === undefined
    ? right(names)
    : left(`${quoted(bad)} is not the name of a variable; write names with commas between them`);
};

/** A folder by its absolute path. */
export const parseFolder: Parser<string> = (text) => {
  if (text.startsWith('/') && !text.includes('\0')) return right(text);
  return left(`${quoted(text)} is not an absolute path; write one that begins with /`);
};

/** A misspelt setting would silently do nothing. */
export function warningsOf(environment: Environment): readonly string[] {
  const known = [...SETTINGS_VARIABLES, ...SETTINGS_VARIABLES.map((name) => `${name}_FILE`)];
  return Object.keys(environment)
    .filter(
      (name) => /^(?:BACKUP|COLLECTOR|TUNNEL|SSH_GATEWAY|RECONCILE|PASSPHRASE)_/.test(name) && !known.includes(name),
    )
    .map((name) => {
      const near = nearest(name, SETTINGS_VARIABLES);
      return `${name} is not a variable of this program and is ignored${near === null ? '' : `; did you mean ${near}?`}`;
    });
}
