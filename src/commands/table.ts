/** What a person may type. */
export interface CommandInfo {
  readonly name: string;
  /** What stands behind the name, for example `UUID [--full]`. */
  readonly usage: string;
  readonly summary: string;
  readonly example: string;
}

/** Every command, in the order in which the help shows them. */
export const COMMANDS = [
  {
    name: 'run',
    usage: '',
    summary: 'the controller: backs devices up as their tags say, until it is stopped',
    example: 'balena-backup run',
  },
  {
    name: 'resync',
    usage: '',
    summary: 'makes the running controller of this STATE_DIR look at the fleet now',
    example: 'balena-backup resync',
  },
] as const satisfies readonly CommandInfo[];

export type CommandName = (typeof COMMANDS)[number]['name'];

export function isCommand(name: string): name is CommandName {
  return COMMANDS.some((command) => command.name === name);
}
