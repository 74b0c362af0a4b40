/** What a person may type. */
export interface CommandInfo {
  readonly name: string;
  /** What stands behind the name, for example `UUID [--full]`. */
  readonly usage: string;
  readonly summary: string;
  readonly example: string;
  /** How many words stand behind the name. */
  readonly words: readonly [least: number, most: number];
  /** Options that are there or not. */
  readonly flags?: readonly string[];
  /** Options with a value. */
  readonly values?: readonly string[];
  /** Which word is taken as it is, even when it looks like an option. */
  readonly rawWord?: number;
}

/** Every command, in the order in which the help shows them. */
export const COMMANDS = [
  {
    name: 'run',
    usage: '',
    summary: 'the controller: backs devices up as their tags say, until it is stopped',
    example: 'balena-backup run',
    words: [0, 0],
  },
  {
    name: 'resync',
    usage: '',
    summary: 'makes the running controller of this STATE_DIR look at the fleet now',
    example: 'balena-backup resync',
    words: [0, 0],
  },
] as const satisfies readonly CommandInfo[];

export type CommandName = (typeof COMMANDS)[number]['name'];

export function isCommand(name: string): name is CommandName {
  return COMMANDS.some((command) => command.name === name);
}

/** The row of a command. */
export function commandOf(name: CommandName): CommandInfo {
  const found = COMMANDS.find((command) => command.name === name);
  if (found === undefined) throw new TypeError(`the command ${name} has no row`);
  return found;
}
