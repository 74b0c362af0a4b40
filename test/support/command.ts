import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { until } from './wait';

const LAUNCHER = join(__dirname, '..', '..', 'bin', 'balena-backup');

export interface CommandResult {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A command of `bin/balena-backup` as a process of its own, without a terminal. */
export interface CommandProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<CommandResult>;
  /** Waits until its output, standard error included, has something that matches. */
  says(pattern: RegExp): Promise<void>;
}

export function startCommand(
  environment: Readonly<Record<string, string>>,
  ...words: readonly string[]
): CommandProcess {
  const child = spawn(LAUNCHER, words, {
    env: { PATH: process.env['PATH'] ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.err += text;
  });
  const ended = once(child, 'close').then(() => ({ code: child.exitCode, ...said }));
  return {
    child,
    ended,
    says: async (pattern) => {
      await until(`"${words.join(' ')}" to say ${String(pattern)}`, () => {
        if (pattern.test(`${said.out}\n${said.err}`)) return true;
        if (child.exitCode !== null)
          throw new Error(`it ended with ${String(child.exitCode)}:\n${said.out}\n${said.err}`);
        return null;
      });
    },
  };
}

/** The command's exit code and all that it wrote. */
export function command(
  environment: Readonly<Record<string, string>>,
  ...words: readonly string[]
): Promise<CommandResult> {
  return startCommand(environment, ...words).ended;
}
