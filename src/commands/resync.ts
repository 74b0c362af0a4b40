import type { Terminal } from './terminal';

/** What `resync` needs. */
export interface ResyncTools {
  /** The process id of the controller that runs on the STATE_DIR, or null. */
  readonly controllerPid: () => number | null;
  readonly signal: (pid: number) => void;
  readonly terminal: Pick<Terminal, 'say' | 'complain'>;
}

/** Asks the running controller for a pass. Gives the exit code. */
export function resync({ controllerPid, signal, terminal }: ResyncTools): number {
  const pid = controllerPid();
  if (pid === null) {
    terminal.complain(
      'No controller runs on this STATE_DIR. Start one with "balena-backup run", or set STATE_DIR to where it runs.',
    );
    return 1;
  }
  signal(pid);
  terminal.say(`Asked the controller (process ${String(pid)}) for a pass.`);
  return 0;
}
