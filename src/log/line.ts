import type { DeviceRef, Event, EventName, RunRef } from '../model/event';
import type { LogLevel } from '../model/settings';

/** An event as the log states it, before secrets are taken out of it. */
export interface Line {
  readonly event: EventName;
  readonly level: LogLevel;
  /** For people: whole in itself, without what `device` and `run` say already. */
  readonly message: string;
  readonly device: DeviceRef | null;
  readonly run: RunRef | null;
  /** The event's own fields, for programs. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What one event says. */
export interface Statement {
  readonly level: LogLevel;
  readonly message: string;
}

export type EventOf<P extends string> = Extract<Event, { readonly event: P }>;

export function error(message: string): Statement {
  return { level: 'error', message };
}

export function warn(message: string): Statement {
  return { level: 'warn', message };
}

export function info(message: string): Statement {
  return { level: 'info', message };
}

export function debug(message: string): Statement {
  return { level: 'debug', message };
}
