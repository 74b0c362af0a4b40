import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { until } from './wait';

/** A line of the controller's JSON log. */
export type LogLine = Readonly<Record<string, unknown>>;

export interface ControllerProcess {
  readonly lines: readonly LogLine[];
  /** All that it has said, on both streams. */
  said(): string;
  /** The first line that passes, among those from `since` on; rejects with the log's tail when it does not come. */
  waitFor(what: string, passes: (line: LogLine) => boolean, options?: WaitOptions): Promise<LogLine>;
  signal(name: NodeJS.Signals): void;
  /** Exit code, once the process has ended. */
  readonly exited: Promise<number | null>;
  /** SIGTERM, and SIGKILL when that was not enough. */
  stop(): Promise<void>;
}

interface WaitOptions {
  readonly since?: number;
  readonly deadlineMs?: number;
}

const LAUNCHER = join(__dirname, '..', '..', 'bin', 'balena-backup');

/** `bin/balena-backup run` as a process of its own, logging JSON. */
export function startController(environment: Readonly<Record<string, string>>): ControllerProcess {
  const child = spawn(LAUNCHER, ['run'], {
    env: { PATH: process.env['PATH'] ?? '', LOG_FORMAT: 'json', LOG_LEVEL: 'debug', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: LogLine[] = [];
  const raw: string[] = [];
  for (const stream of [child.stdout, child.stderr]) collect(stream, raw, lines);
  const exited = once(child, 'close').then(() => child.exitCode);
  return {
    lines,
    exited,
    said: () => raw.join('\n'),
    waitFor: (what, passes, options = {}) => awaited({ child, what, lines, raw, passes, options }),
    signal: (name) => {
      child.kill(name);
    },
    stop: () => stopped(child, exited),
  };
}

function collect(stream: Readable, raw: string[], lines: LogLine[]): void {
  createInterface({ input: stream, crlfDelay: Infinity }).on('line', (line) => {
    raw.push(line);
    const parsed = parse(line);
    if (parsed !== null) lines.push(parsed);
  });
}

function parse(line: string): LogLine | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : null;
  } catch {
    return null;
  }
}

interface Awaited {
  readonly child: ChildProcess;
  readonly what: string;
  readonly lines: readonly LogLine[];
  readonly raw: readonly string[];
  readonly passes: (line: LogLine) => boolean;
  readonly options: WaitOptions;
}

async function awaited({ child, what, lines, raw, passes, options }: Awaited): Promise<LogLine> {
  const found = (): LogLine | undefined => lines.slice(options.since ?? 0).find(passes);
  try {
    return await until(
      what,
      () => {
        const line = found();
        if (line === undefined && child.exitCode !== null)
          throw new Error(`the controller ended while waiting for ${what}`);
        return line;
      },
      options.deadlineMs ?? 120_000,
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${reason}; its log ended with\n${raw.slice(-40).join('\n')}`, { cause: error });
  }
}

async function stopped(child: ChildProcess, exited: Promise<number | null>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const kill = setTimeout(() => child.kill('SIGKILL'), 20_000);
  await exited;
  clearTimeout(kill);
}
