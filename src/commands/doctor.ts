import { once } from 'node:events';
import { escapeControls, escapedJson } from '../model/escape';
import { bad, type Check, type Finding } from '../model/finding';
import { durationText } from '../model/shown';
import type { Output } from './output';
import type { Colour, Terminal } from './terminal';
import { wrapped } from './wrapped';

export interface DoctorTools {
  readonly checks: readonly Check[];
  readonly output: Output;
  readonly terminal: Pick<Terminal, 'say' | 'columns' | 'progress'>;
}

interface Told extends Finding {
  readonly what: string;
}

/** Looks at everything at once, and tells in the order of the checks. Gives the exit code: 0 unless something is bad. */
export async function doctor({ checks, output, terminal }: DoctorTools): Promise<number> {
  const under = checks.map((check) => findingsOf(check));
  const width = Math.max(...checks.map(({ what }) => what.length));
  const all: Told[] = [];
  for (const [index, findings] of under.entries()) {
    const what = checks[index]?.what ?? '';
    if (terminal.columns !== null) terminal.progress(`Looking: ${what}`);
    const told = (await findings).map((finding) => ({ what, ...finding }));
    all.push(...told);
    if (output === 'text') for (const each of told) show(each, width, terminal);
  }
  terminal.progress('');
  const isWell = all.every(({ state }) => state !== 'bad');
  if (output === 'json') terminal.say(escapedJson({ ok: isWell, checks: all.map(toldJson) }));
  return isWell ? 0 : 1;
}

/** What a check finds, within its limit; what goes wrong with it is a finding. */
async function findingsOf({ limitMs, examine }: Check): Promise<readonly Finding[]> {
  const limit = AbortSignal.timeout(limitMs);
  const late = once(limit, 'abort').then(() => [
    bad(`there was no answer within ${durationText(limitMs)}`, 'See that what it asks can be reached, then ask again.'),
  ]);
  const found = Promise.resolve(limit)
    .then(examine)
    .catch((error: unknown) => [
      bad(error instanceof Error ? error.message : String(error), 'Put that right, then ask again.'),
    ]);
  return Promise.race([found, late]);
}

function toldJson({ what, state, why, fix }: Told): Readonly<Record<string, unknown>> {
  return { what, state, why, fix };
}

const COLOURS = { ok: 'green', warn: 'yellow', bad: 'red' } as const satisfies Readonly<
  Record<Finding['state'], Colour>
>;
const STATE_WIDTH = 4;

function show({ what, state, why, fix }: Told, width: number, terminal: DoctorTools['terminal']): void {
  const indent = STATE_WIDTH + width + 4;
  const [first = '', ...rest] = wrapped(escapeControls(why), indent, terminal.columns);
  terminal.say(`${state.padEnd(STATE_WIDTH)}  ${what.padEnd(width)}  ${first.trimStart()}`, COLOURS[state]);
  const steps = fix === null ? [] : wrapped(`-> ${escapeControls(fix)}`, indent, terminal.columns);
  for (const line of [...rest, ...steps]) terminal.say(line);
}
