import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { escapeControls } from '../model/escape';
import { didYouMean } from '../model/suggest';
import { type Output, outputOf } from './output';
import type { CommandInfo } from './table';

/** A command with what stands behind it. */
export interface Call {
  readonly words: readonly string[];
  readonly flags: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, string>;
  readonly output: Output;
}

type Options = Omit<Call, 'output'>;

/** What a person typed behind the command's name, or what is wrong with it. */
export function parseCall(command: CommandInfo, typed: readonly string[]): Either<string, Call> {
  const { raw, rest } = setAside(command, typed);
  const parsed = optionsOf(command, rest);
  if (typeof parsed === 'string') return left(withUsage(command, parsed));
  const words = [...parsed.words.slice(0, command.rawWord ?? 0), ...raw, ...parsed.words.slice(command.rawWord ?? 0)];
  const [least, most] = command.words;
  if (words.length < least) return left(withUsage(command, `"${command.name}" needs more than that.`));
  const output = outputOf(parsed.values.get('output') ?? 'text');
  if (isLeft(output)) return left(withUsage(command, output.left));
  const extra = words[most];
  if (extra !== undefined) return left(withUsage(command, tooMany(command, extra)));
  return right({ ...parsed, words, output: output.right });
}

/** Takes the raw word out, so that it is not read as an option: it follows the word before it. */
function setAside(
  { rawWord, values = [] }: CommandInfo,
  typed: readonly string[],
): { readonly raw: readonly string[]; readonly rest: readonly string[] } {
  if (rawWord === undefined) return { raw: [], rest: typed };
  let words = 0;
  for (const [index, word] of typed.entries()) {
    const before = typed[index - 1] ?? '';
    if (word.startsWith('-') || values.includes(before.replace(/^--/, ''))) continue;
    words += 1;
    if (words < rawWord) continue;
    return {
      raw: typed.slice(index + 1, index + 2),
      rest: [...typed.slice(0, index + 1), ...typed.slice(index + 2)],
    };
  }
  return { raw: [], rest: typed };
}

function optionsOf({ flags = [], values = [] }: CommandInfo, args: readonly string[]): Options | string {
  const kinds = [
    ...flags.map((name) => [name, 'boolean'] as const),
    ...values.map((name) => [name, 'string'] as const),
  ];
  const options: ParseArgsOptionsConfig = Object.fromEntries(kinds.map(([name, type]) => [name, { type }]));
  const { positionals, tokens } = parseArgs({
    args: [...args],
    options,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const found = { words: positionals, flags: new Set<string>(), values: new Map<string, string>() };
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    if (flags.includes(token.name) && token.value === undefined) found.flags.add(token.name);
    else if (values.includes(token.name) && token.value !== undefined) found.values.set(token.name, token.value);
    else return misused(token.rawName, token.name, [...flags, ...values]);
  }
  return found;
}

function misused(rawName: string, name: string, known: readonly string[]): string {
  const shown = escapeControls(rawName).slice(0, 40);
  if (known.includes(name)) return `The option ${shown} is used wrongly: mind whether it takes a value.`;
  return `There is no option ${shown}${didYouMean(name, known, (each) => `--${each}`)}${known.length === 0 ? '.' : ''}`;
}

function tooMany({ name, words, rawWord }: CommandInfo, extra: string): string {
  const shown = escapeControls(extra).slice(0, 40);
  if (words[1] === 0) return `"${name}" takes no argument, and "${shown}" is one.`;
  const hint = rawWord === undefined ? '' : ' Put what is meant for Duplicity in quotes, as one word.';
  return `"${shown}" is one word too many.${hint}`;
}

function withUsage({ name, usage }: CommandInfo, problem: string): string {
  return `${problem}\nUsage: ${`balena-backup ${name} ${usage}`.trim()}`;
}
