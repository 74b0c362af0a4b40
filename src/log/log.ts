import winston from 'winston';
import Transport from 'winston-transport';
import type { EventSink } from '../model/event';
import type { Secret } from '../model/secret';
import type { LogLevel } from '../model/settings';
import { lineOf } from './lines';
import { jsonOf, textOf } from './render';
import { scrubberOf } from './scrub';

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: 'text' | 'json';
  /** Values that no line may show, whatever it says. */
  readonly secrets: readonly Secret[];
  /** Takes one line, without its end, and sees to it that it is not lost; standard output by default. */
  readonly write?: (line: string) => void;
  /** By default where text goes to a terminal. */
  readonly colour?: boolean;
}

export interface Log {
  readonly emit: EventSink;
  /** The text without the known secrets, for what is kept or shown elsewhere. */
  readonly scrub: (text: string) => string;
  /** Settles when every line has been handed on; what is emitted later is lost. */
  readonly close: () => Promise<void>;
}

/** A log that states events, one line each. Never throws, and never shows a known secret. */
export function createLog({ level, format, secrets, write, colour }: LogOptions): Log {
  const scrub = scrubberOf(secrets);
  const painted = colour ?? (write === undefined && process.stdout.isTTY);
  const logger = winston.createLogger({
    level,
    format: winston.format.printf(({ message }) => String(message)),
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- winston makes its transports by a function.
    transports: [transportTo(write ?? toStandardOutput)],
  });
  let isOpen = true;

  function emit(event: Parameters<EventSink>[0]): void {
    const line = lineOf(event);
    if (!isOpen || !logger.isLevelEnabled(line.level)) return;
    const stamped = { line, at: new Date() };
    logger.log(line.level, format === 'json' ? jsonOf(stamped, scrub) : textOf(stamped, scrub, painted));
  }

  async function close(): Promise<void> {
    if (!isOpen) return;
    isOpen = false;
    await new Promise((resolve) => {
      logger.once('finish', resolve);
      logger.end();
    });
    if (write === undefined) await standardOutputDrained();
  }

  return { emit, scrub, close };
}

/**
 * A line has been handed on when `write` returns; one that nobody takes stops no run. winston's own transport keeps each
 * line until the next turn of the event loop, and a pass over a large fleet may say a line of every device in one turn.
 */
function transportTo(write: (line: string) => void): Transport {
  return new Transport({
    log: ({ message }: { readonly message: unknown }, next: () => void) => {
      try {
        write(String(message));
      } catch {
        // There is no other place to say it.
      }
      next();
    },
  });
}

/** A slow reader of a pipe may not have taken all yet, and the caller's next step may be to end the process. */
function standardOutputDrained(): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write('', () => {
      resolve();
    });
  });
}

function toStandardOutput(line: string): void {
  process.stdout.write(`${line}\n`);
}
