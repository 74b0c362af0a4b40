import { shortUuidOf } from '../model/device';
import type { LogLevel } from '../model/settings';
import { escapeControls, escapedJson } from '../model/escape';
import type { Line } from './line';

export interface Stamped {
  readonly line: Line;
  readonly at: Date;
}

type Scrub = (text: string) => string;

/**
 * One line for people: `2026-11-24T00:00:00.000Z INFO  run.started 0123456 (kitchen) backup 2026-11-24T00:00:00.000Z
 * run 89abcdef…: Started`. What comes from outside is scrubbed, and cannot start a line or steer a terminal.
 */
export function textOf({ line, at }: Stamped, scrub: Scrub, colour: boolean): string {
  const { level, event, device, run, message } = line;
  const subject = [
    ...(device === null ? [] : [`${shortUuidOf(device.uuid)} (${shown(device.name, scrub)})`]),
    ...(run === null ? [] : [`${run.kind} ${shown(run.slot, scrub)} run ${run.runId}`]),
  ];
  const place = subject.length === 0 ? '' : ` ${subject.join(' ')}`;
  const shownLevel = painted(level.toUpperCase().padEnd(5), level, colour);
  return `${at.toISOString()} ${shownLevel} ${event}${place}: ${shown(message, scrub)}${stackOf(line, scrub)}`;
}

/** One JSON object, on one line, with the same keys for the same things in every line. */
export function jsonOf({ line, at }: Stamped, scrub: Scrub): string {
  const { level, event, device, run, message, fields } = line;
  return escapedJson({
    time: at.toISOString(),
    level,
    event,
    ...(device === null
      ? {}
      : { device: shortUuidOf(device.uuid), deviceName: scrub(device.name), deviceUuid: device.uuid }),
    ...(run === null ? {} : { runId: run.runId, kind: run.kind, slot: scrub(run.slot), attempt: run.attempt }),
    // Before the fields: one that is called `message` says the same, or part of it.
    ...scrubbedFields(fields, scrub),
    message: scrub(message),
  });
}

function shown(text: string, scrub: Scrub): string {
  return escapeControls(scrub(text));
}

/** A defect is of no use without its stack; JSON has it among the failure's fields. */
function stackOf({ fields }: Line, scrub: Scrub): string {
  const failure = fields['failure'];
  if (typeof failure !== 'object' || failure === null || !('stack' in failure)) return '';
  return typeof failure.stack === 'string' ? ` [${shown(failure.stack, scrub)}]` : '';
}

function scrubbedFields(fields: Readonly<Record<string, unknown>>, scrub: Scrub): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, scrubbed(value, scrub)]));
}

function scrubbed(value: unknown, scrub: Scrub): unknown {
  if (typeof value === 'string') return scrub(value);
  if (Array.isArray(value)) return value.map((each: unknown) => scrubbed(each, scrub));
  if (typeof value !== 'object' || value === null) return value;
  return scrubbedFields({ ...value }, scrub);
}

const COLOURS: Readonly<Record<LogLevel, string>> = { error: '31', warn: '33', info: '32', debug: '90' };

function painted(text: string, level: LogLevel, colour: boolean): string {
  return colour ? `\u001b[${COLOURS[level]}m${text}\u001b[0m` : text;
}
