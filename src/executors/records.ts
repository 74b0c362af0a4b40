import { isLeft } from 'fp-ts/Either';
import * as t from 'io-ts';
import { Restored, Survey } from '../model/survey';

/** What a line of the device's script says. `host` words come from the host, numbered ones from the container. */
export type DeviceLine =
  | { readonly from: 'host'; readonly word: string; readonly rest: string }
  | { readonly from: 'control'; readonly number: number; readonly word: string; readonly rest: string }
  | { readonly from: 'output'; readonly number: number; readonly text: string };

/** Null for a line without the run's nonce: banners and other people's words. */
export function parseLine(nonce: string, line: string): DeviceLine | null {
  if (!line.startsWith(`${nonce} `)) return null;
  const [, mark = '', rest = ''] = /^(\S+) ?(.*)$/s.exec(line.slice(nonce.length + 1)) ?? [];
  if (mark === '-') return { from: 'host', ...worded(rest) };
  const number = /^[1-9]\d{0,14}$/.test(mark) ? Number(mark) : 0;
  if (number === 0) return null;
  if (rest.startsWith('o ')) return { from: 'output', number, text: rest.slice(2) };
  return rest.startsWith('c ') ? { from: 'control', number, ...worded(rest.slice(2)) } : null;
}

function worded(text: string): { readonly word: string; readonly rest: string } {
  const blank = text.indexOf(' ');
  return blank < 0 ? { word: text, rest: '' } : { word: text.slice(0, blank), rest: text.slice(blank + 1) };
}

const Figure = t.refinement(t.number, (value) => Number.isSafeInteger(value) && value >= 0, 'Figure');
const Names = t.readonlyArray(t.string);
const Statistics = t.readonly(
  t.type({
    sourceFiles: Figure,
    sourceBytes: Figure,
    newFiles: Figure,
    changedFiles: Figure,
    deletedFiles: Figure,
    storedBytes: Figure,
    errors: Figure,
  }),
);
/** Missing in a container that an older version started. */
const Retention = t.union([
  t.undefined,
  t.readonly(t.type({ kept: Figure, dropped: t.readonlyArray(t.string), healed: Figure })),
]);
const Good = t.readonly(
  t.type({
    ok: t.literal(true),
    mode: t.union([t.literal('full'), t.literal('inc')]),
    snapshotAt: t.string,
    volumes: Names,
    emptyVolumes: Names,
    retention: Retention,
    statistics: Statistics,
  }),
);
const Executed = t.readonly(t.type({ ok: t.literal(true), executed: t.string }));
const Surveyed = t.readonly(t.type({ ok: t.literal(true), survey: Survey }));
const Refilled = t.readonly(t.type({ ok: t.literal(true), restored: Restored }));
const Refused = t.readonly(t.type({ ok: t.literal(false), kind: t.string, names: Names }));
const Failed = t.readonly(
  t.type({
    ok: t.literal(false),
    step: t.string,
    exit: t.number,
    error: t.string,
    words: t.string,
    limit: t.string,
  }),
);
const Result = t.union([Good, Executed, Surveyed, Refilled, Refused, Failed]);

/** The container's last word. */
export type RunResult = t.TypeOf<typeof Result>;
export type GoodResult = t.TypeOf<typeof Good>;
export type FailedResult = t.TypeOf<typeof Failed>;

/** Null when it is not what our script prints. */
export function parseResult(text: string): RunResult | null {
  try {
    const decoded = Result.decode(JSON.parse(text));
    return isLeft(decoded) ? null : decoded.right;
  } catch {
    return null;
  }
}

/** What the engine says of a container that has ended. */
export interface ContainerEnd {
  readonly exitCode: number;
  readonly outOfMemory: boolean;
  /** From its last start to its end on the device's clock; null when that makes no sense. */
  readonly ranMs: number | null;
}

/** Null when it is not what our script says. */
export function parseEnd(text: string): ContainerEnd | null {
  const [, exitCode, outOfMemory, begun = '', ended = ''] = /^(-?\d{1,10}) (true|false) (\S+) (\S+)$/.exec(text) ?? [];
  if (exitCode === undefined) return null;
  const ranMs = Date.parse(ended) - Date.parse(begun);
  return { exitCode: Number(exitCode), outOfMemory: outOfMemory === 'true', ranMs: ranMs >= 0 ? ranMs : null };
}
