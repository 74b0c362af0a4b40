import { isLeft } from 'fp-ts/Either';
import { parseCall } from './commands/call';
import { helpText, unknownCommand } from './commands/help';
import { type CommandName, commandOf, isCommand } from './commands/table';
import type { Terminal } from './commands/terminal';
import type { Event } from './model/event';
import type { Settings } from './model/settings';
import { processTerminal } from './terminal';
import { version } from './version';

const VERSION_WORDS: readonly string[] = ['version', '--version', '-V'];
const HELP_WORDS: readonly string[] = ['help', '--help', '-h'];

/** What is loaded for one command only is loaded by that command: help must not wait for it. */
async function main(typed: readonly string[], terminal: Terminal): Promise<number> {
  const [name = '--help', ...rest] = typed;
  if (VERSION_WORDS.includes(name)) return said(terminal, version);
  if (HELP_WORDS.includes(name)) return said(terminal, helpText(rest[0] ?? null));
  if (!isCommand(name)) return refused(terminal, unknownCommand(name));
  if (rest.includes('--help') || rest.includes('-h')) return said(terminal, helpText(name));
  return called(name, rest, terminal);
}

async function called(name: CommandName, rest: readonly string[], terminal: Terminal): Promise<number> {
  const call = parseCall(commandOf(name), rest);
  if (isLeft(call)) return refused(terminal, call.left);
  if (name === 'completion') return (await import('./completion.js')).performCompletion(call.right, terminal);
  const settings = await readSettings(name, terminal);
  if (settings === null) return 2;
  const { CALLS } = await import('./calls.js');
  return CALLS[name](call.right, settings, terminal);
}

/** Null when there are problems, which are then told all at once: to people, and by a controller to programs that read its log. */
async function readSettings(name: CommandName, terminal: Terminal): Promise<Settings | null> {
  const { readEnvironment, readPlaces } = await import('./config.js');
  const settings = readEnvironment();
  if (!isLeft(settings)) return settings.right;
  for (const problem of settings.left) terminal.complain(problem);
  if (name === 'run' && readPlaces().logFormat === 'json')
    await logged({ event: 'config.rejected', problems: settings.left });
  return null;
}

async function logged(event: Event): Promise<void> {
  const { createLog } = await import('./log/log.js');
  const log = createLog({ level: 'error', format: 'json', secrets: [] });
  log.emit(event);
  await log.close();
}

function said(terminal: Terminal, text: string): number {
  terminal.say(text);
  return 0;
}

function refused(terminal: Terminal, text: string): number {
  terminal.complain(text);
  return 2;
}

function defectText(error: unknown): string {
  if (error instanceof Error && error.name === 'LedgerError') return error.message;
  return `This program has a defect: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}

const terminal = processTerminal();
main(process.argv.slice(2), terminal).then(
  (code) => {
    process.exitCode = code;
    // Nothing that is left open, such as a request that nobody waits for, keeps the process.
    setTimeout(() => process.exit(code), 1000).unref();
  },
  (error: unknown) => {
    terminal.complain(defectText(error));
    process.exit(1);
  },
);
