import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { until } from '../support/wait';

export interface Daemon {
  readonly pid: number;
  /** The power is cut; resolves once nothing of it runs any more. */
  stop(): Promise<void>;
}

export interface DaemonOptions {
  readonly name: string;
  readonly command: readonly string[];
  readonly netns: string;
  readonly logFile: string;
  readonly isReady: () => Promise<boolean>;
}

/**
 * Before a command: gives it mounts and processes of its own. All of them end when the process that started it ends,
 * however that ends.
 */
export const ISOLATED: readonly string[] = [
  ...['setpriv', '--pdeathsig', 'KILL'],
  ...['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--propagation', 'private'],
];

/** Neither the machine's proxy nor anybody's client settings are the lab's. */
export const PLAIN_ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
};

/** Starts a program in a network namespace and gives it once it is ready; rejects with the end of its log if it dies. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { name, logFile } = options;
  const log = openSync(logFile, 'a');
  const [program = '', ...args] = [...ISOLATED, 'nsenter', `--net=${options.netns}`, ...options.command];
  const child = spawn(program, args, { stdio: ['ignore', log, log], detached: true, env: PLAIN_ENVIRONMENT });
  closeSync(log);
  const pid = child.pid ?? 0;
  const closed = once(child, 'close');
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const stop = async (): Promise<void> => {
    if (hasEnded()) return;
    killInit(pid);
    await closed;
  };
  try {
    await until(`${name} to be ready`, async () => {
      if (hasEnded()) throw new Error(`${name} ended while it started`);
      return (await options.isReady()) ? true : null;
    });
  } catch (error) {
    await stop();
    const tail = readFileSync(logFile, 'utf8').slice(-4000);
    throw new Error(`${name} did not start; its log (${logFile}) ends with\n${tail}`, { cause: error });
  }
  return { pid, stop };
}

/** Kills the first process of the PID namespace: the kernel ends all others in it before its parent may end. */
function killInit(parent: number): void {
  try {
    const init = readFileSync(`/proc/${String(parent)}/task/${String(parent)}/children`, 'utf8').trim();
    process.kill(init === '' ? parent : Number(init), 'SIGKILL');
  } catch {
    // It ended by itself meanwhile.
  }
}
