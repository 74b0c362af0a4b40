import { helpText, unknownCommand } from './commands/help';
import { type CommandName, isCommand } from './commands/table';
import type { Settings } from './model/settings';
import { version } from './version';

/** What is loaded for one command only is loaded by that command: help must not wait for it. */
async function main(words: readonly string[]): Promise<number> {
  const [name = '--help', ...rest] = words;
  if (name === '--version' || name === 'version') return say(version);
  if (name === '--help' || name === '-h' || name === 'help') return say(helpText(rest[0] ?? null));
  if (!isCommand(name)) return complain(unknownCommand(name));
  return called(name, rest);
}

async function called(name: CommandName, rest: readonly string[]): Promise<number> {
  if (rest.includes('--help') || rest.includes('-h')) return say(helpText(name));
  const [extra] = rest;
  if (extra !== undefined) return complain(`"${name}" takes no argument, and "${extra.slice(0, 40)}" is one.`);
  const settings = await readSettings();
  return settings === null ? 2 : runCommand(name, settings);
}

async function runCommand(name: CommandName, settings: Settings): Promise<number> {
  switch (name) {
    case 'run': {
      const { runController } = await import('./controller.js');
      return runController(settings);
    }
    case 'resync': {
      const [{ resync }, { controllerPid }] = await Promise.all([
        import('./commands/resync.js'),
        import('./ledger/lock.js'),
      ]);
      return resync({
        controllerPid: () => controllerPid(settings.stateDir),
        signal: (pid) => process.kill(pid, 'SIGHUP'),
        say,
        complain,
      });
    }
  }
}

/** Null when there are problems, which are then told all at once. */
async function readSettings(): Promise<Settings | null> {
  const { readEnvironment } = await import('./config.js');
  const settings = readEnvironment();
  if (settings._tag === 'Right') return settings.right;
  for (const problem of settings.left) complain(problem);
  return null;
}

function say(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}

function complain(text: string): number {
  process.stderr.write(`${text}\n`);
  return 2;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
    // Nothing that is left open, such as a request that nobody waits for, keeps the process.
    setTimeout(() => process.exit(code), 1000).unref();
  },
  (error: unknown) => {
    const isForPeople = error instanceof Error && error.name === 'LedgerError';
    complain(
      isForPeople
        ? error.message
        : `This program has a defect: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
    process.exit(1);
  },
);
