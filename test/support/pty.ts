import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { until } from './wait';

const LAUNCHER = join(__dirname, '..', '..', 'bin', 'balena-backup');

/** A command of `bin/balena-backup` in a terminal of its own. */
export interface TerminalProcess {
  /** All that the terminal was sent, control sequences included. */
  readonly shown: () => string;
  /** Waits until something that matches was shown behind what had been shown when this was last awaited. */
  shows(pattern: RegExp): Promise<void>;
  type(text: string): void;
  readonly ended: Promise<number | null>;
}

/** Runs it under `script`, which gives it a pseudo-terminal of so many columns. */
export function startInTerminal(
  environment: Readonly<Record<string, string>>,
  columns: number,
  ...words: readonly string[]
): TerminalProcess {
  const call = [LAUNCHER, ...words].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  const child: ChildProcess = spawn(
    'script',
    ['--quiet', '--return', '--flush', '--command', `stty cols ${String(columns)} -echo; exec ${call}`, '/dev/null'],
    { env: { PATH: process.env['PATH'] ?? '', TERM: 'xterm', ...environment }, stdio: ['pipe', 'pipe', 'inherit'] },
  );
  let shown = '';
  let seen = 0;
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
  });
  const ended = once(child, 'close').then(() => child.exitCode);
  return {
    shown: () => shown,
    shows: async (pattern) => {
      await until(`the terminal to show ${String(pattern)}`, () => {
        const match = pattern.exec(shown.slice(seen));
        if (match !== null) {
          seen += match.index + match[0].length;
          return true;
        }
        if (child.exitCode !== null) throw new Error(`it ended with ${String(child.exitCode)}:\n${shown}`);
        return null;
      });
    },
    type: (text) => {
      child.stdin?.write(text);
    },
    ended,
  };
}
