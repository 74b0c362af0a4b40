/** What `resync` needs. */
export interface ResyncTools {
  /** The process id of the controller that runs on the STATE_DIR, or null. */
  readonly controllerPid: () => number | null;
  readonly signal: (pid: number) => void;
  readonly say: (text: string) => void;
  readonly complain: (text: string) => void;
}

/** Asks the running controller for a pass. Gives the exit code. */
export function resync({ controllerPid, signal, say, complain }: ResyncTools): number {
  const pid = controllerPid();
  if (pid === null) {
    complain(
      'No controller runs on this STATE_DIR. Start one with "balena-backup run", or set STATE_DIR to where it runs.',
    );
    return 1;
  }
  signal(pid);
  say(`Asked the controller (process ${String(pid)}) for a pass.`);
  return 0;
}
