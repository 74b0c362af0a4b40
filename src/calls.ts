import type { CommandName } from './commands/table';
import type { Perform } from './perform';

/** All but those that need no settings. */
export type SettingsCommand = Exclude<CommandName, 'completion'>;

/**
 * What each command is joined from. It is loaded by the command that needs it and no other: help and small commands must
 * not wait for the SDK. A command without a line here does not compile.
 */
export const CALLS: { readonly [N in SettingsCommand]: Perform } = {
  run: async (_call, settings) => {
    const { runController } = await import('./controller.js');
    return runController(settings);
  },
  backup: async (...given) => (await import('./handcommands.js')).performBackup(...given),
  restore: async (...given) => (await import('./restorecommand.js')).performRestore(...given),
  execute: async (...given) => (await import('./handcommands.js')).performExecute(...given),
  snapshots: async (...given) => (await import('./handcommands.js')).performSnapshots(...given),
  list: async (...given) => (await import('./handcommands.js')).performList(...given),
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
  plan: inquiry('plan'),
  why: inquiry('why'),
  status: inquiry('status'),
  history: inquiry('history'),
  doctor: async (...given) => (await import('./doctor.js')).performDoctor(...given),
  passphrase: async (...given) => (await import('./keycommands.js')).performPassphrase(...given),
  'accept-host-key': async (...given) => (await import('./keycommands.js')).performAccept(...given),
};

function inquiry(name: 'plan' | 'why' | 'status' | 'history'): Perform {
  return async (call, settings, terminal) => {
    const { INQUIRIES } = await import('./inquiries.js');
    return INQUIRIES[name](call, settings, terminal);
  };
}
