import { didYouMean } from '../model/suggest';
import { type CommandInfo, COMMANDS } from './table';
import { wrapped } from './wrapped';

/** The help of the program, or of one command. */
export function helpText(name: string | null): string {
  const command: CommandInfo | undefined = COMMANDS.find((each) => each.name === name);
  return command === undefined ? overview() : details(command);
}

/** What to say when there is no such command. */
export function unknownCommand(name: string): string {
  const names = COMMANDS.map((command) => command.name);
  const near = didYouMean(name, names);
  return `There is no command "${name.slice(0, 40)}"${near === '' ? `; the commands are ${names.join(', ')}.` : near} Run "balena-backup --help" for more.`;
}

const WIDTH = 79;

/** Fits the narrowest of usual terminals. */
function overview(): string {
  const names = COMMANDS.map(({ name }) => name.length);
  const indent = Math.max(...names) + 4;
  return [
    'balena-backup: encrypted backups of the volumes of a balena fleet, steered by tags',
    '',
    'Usage: balena-backup COMMAND [ARGUMENTS]',
    '',
    ...COMMANDS.flatMap(({ name, summary }) => {
      const [first = '', ...rest] = wrapped(summary, indent, WIDTH);
      return [`  ${name}`.padEnd(indent) + first.trimStart(), ...rest];
    }),
    '',
    '"balena-backup COMMAND --help" says what stands behind each. Settings come from',
    'the environment; CLI_API_KEY and PASSPHRASE are needed. The README lists them.',
    '',
    'Exit codes: 0 done; 1 failed or refused; 2 usage or configuration; 3 device not',
    'reachable; 4 device busy; 5 refused for safety; 130 interrupted.',
    'Example: balena-backup run',
  ].join('\n');
}

function details({ name, usage, summary, example }: CommandInfo): string {
  return [`Usage: balena-backup ${name} ${usage}`.trim(), '', `  ${summary}`, '', `Example: ${example}`].join('\n');
}
