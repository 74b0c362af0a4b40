import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';

export interface ProgramOptions {
  readonly input?: string;
  readonly timeoutMs?: number;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Every line of both streams, as it comes. */
  readonly onLine?: (line: string) => void;
}

const TAIL = 4000;

/** Runs a program to its end and gives its stdout; rejects with the tail of its stderr when it fails or takes too long. */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<string> {
  const child = spawn(program, args, { cwd: options.cwd, env: options.env ?? process.env, stdio: 'pipe' });
  // A program that ends without reading its input is no error of its own.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  const stdout = gather(child.stdout, options.onLine);
  const stderr = gather(child.stderr, options.onLine);
  const limit = limitOf(child, options.timeoutMs);
  try {
    await once(child, 'close');
  } finally {
    clearTimeout(limit.timer);
  }
  if (child.exitCode === 0) return stdout();
  const how = limit.passed() ? `took over ${String(options.timeoutMs)} ms` : endOf(child.exitCode, child.signalCode);
  const said = `${stderr()}\n${stdout()}`.trim().slice(-TAIL);
  throw new Error(`${[program, ...args].join(' ').slice(0, 300)} ${how}: ${said}`);
}

/** The same, without giving way to anything else: for what must also work while the process is ending. */
export function runProgramSync(program: string, args: readonly string[], input = ''): string {
  const result = spawnSync(program, args, { encoding: 'utf8', input, maxBuffer: 64 << 20 });
  if (result.error !== undefined) throw new Error(`${program} could not be started`, { cause: result.error });
  if (result.status === 0) return result.stdout;
  const said = `${result.stderr}${result.stdout}`.trim().slice(-TAIL);
  throw new Error(`${[program, ...args].join(' ').slice(0, 300)} ${endOf(result.status, result.signal)}: ${said}`);
}

function gather(stream: Readable, onLine: ((line: string) => void) | undefined): () => string {
  const parts: string[] = [];
  let rest = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    parts.push(text);
    if (onLine === undefined) return;
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop() ?? '';
    lines.forEach(onLine);
  });
  return () => parts.join('');
}

function limitOf(
  child: ChildProcess,
  timeoutMs: number | undefined,
): { readonly timer: NodeJS.Timeout | undefined; readonly passed: () => boolean } {
  let passed = false;
  if (timeoutMs === undefined) return { timer: undefined, passed: () => passed };
  const timer = setTimeout(() => {
    passed = true;
    child.kill('SIGKILL');
  }, timeoutMs);
  return { timer, passed: () => passed };
}

function endOf(status: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `failed (${String(status)})` : `was ended by ${signal}`;
}
