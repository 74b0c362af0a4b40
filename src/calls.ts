import type { Call } from './commands/call';
import type { CommandName } from './commands/table';
import type { Terminal } from './commands/terminal';
import type { Settings } from './model/settings';

/** Does what a person typed, and gives the exit code. */
export type Perform = (call: Call, settings: Settings, terminal: Terminal) => Promise<number>;

/**
 * What each command is joined from. It is loaded by the command that needs it and no other: help and small commands must
 * not wait for the SDK. A command without a line here does not compile.
 */
export const CALLS: { readonly [N in CommandName]: Perform } = {
  run: async (_call, settings) => {
    const { runController } = await import('./controller.js');
    return runController(settings);
  },
  resync: async (_call, { stateDir }, terminal) => {
    const [{ resync }, { controllerPid }] = await Promise.all([
      import('./commands/resync.js'),
      import('./ledger/lock.js'),
    ]);
    return resync({
      controllerPid: () => controllerPid(stateDir),
      signal: (pid) => process.kill(pid, 'SIGHUP'),
      terminal,
    });
  },
};
