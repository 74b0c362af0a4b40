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
    name: 'backup',
    usage: 'UUID [--full] [--wait]',
    summary: 'one backup of a device now, as its tags say',
    example: 'balena-backup backup 3fa7c01 --full',
    words: [1, 1],
    flags: ['full', 'wait'],
  },
  {
    name: 'restore',
    usage:
      'UUID [--from UUID] [--at TIME] [--path VOLUME[/PATH]] [--volumes A,B] [--in-place] [--undo] [--dry-run] [--yes] [--wait]',
    summary:
      "brings a device's volumes back: shows what it would do, asks, and restores beside them before it exchanges",
    example: 'balena-backup restore 3fa7c01 --at 2026-11-24T11:50:00Z --path data/config',
    words: [1, 1],
    flags: ['in-place', 'undo', 'dry-run', 'yes', 'wait'],
    values: ['from', 'at', 'path', 'volumes'],
  },
  {
    name: 'execute',
    usage: 'UUID "ARGS" [--wait]',
    summary: "Duplicity on a device in your own words, with the environment's defaults; MOUNT_MODE=rw lets it write",
    example: 'balena-backup execute 3fa7c01 "collection-status rsync://root@192.0.2.1:54321//backups/UUID"',
    words: [2, 2],
    rawWord: 1,
    flags: ['wait'],
  },
  {
    name: 'snapshots',
    usage: 'UUID [--wait] [--output json]',
    summary: 'which snapshots of a device there are, and whether they are complete',
    example: 'balena-backup snapshots 3fa7c01',
    words: [1, 1],
    flags: ['wait'],
    values: ['output'],
  },
  {
    name: 'list',
    usage: 'UUID [--at TIME] [PATH] [--wait] [--output json]',
    summary: 'what is in a snapshot of a device: the latest, or the one of a time',
    example: 'balena-backup list 3fa7c01 --at 3D data/photos',
    words: [1, 2],
    flags: ['wait'],
    values: ['at', 'output'],
  },
  {
    name: 'resync',
    usage: '',
    summary: 'makes the running controller of this STATE_DIR look at the fleet now',
    example: 'balena-backup resync',
    words: [0, 0],
  },
  {
    name: 'plan',
    usage: '[UUID...] [--output json]',
    summary: 'what a pass would do now, for every device, and why; changes nothing anywhere',
    example: 'balena-backup plan',
    words: [0, Infinity],
    values: ['output'],
  },
  {
    name: 'why',
    usage: 'UUID [--output json]',
    summary: 'every step of the decision for one device: its policy and where it comes from, each question, next slots',
    example: 'balena-backup why 1a2b3c4',
    words: [1, 1],
    values: ['output'],
  },
  {
    name: 'status',
    usage: '[UUID...] [--output json]',
    summary: 'how each device stands: its last success, its next slot, its state',
    example: 'balena-backup status',
    words: [0, Infinity],
    values: ['output'],
  },
  {
    name: 'history',
    usage: 'UUID [RUN] [--output json]',
    summary:
      'the past runs of a device, and the latest, or the one that is meant, with phases and last lines of output',
    example: 'balena-backup history kitchen',
    words: [1, 2],
    values: ['output'],
  },
  {
    name: 'doctor',
    usage: '[--output json]',
    summary:
      'looks at all that a run needs, and says of what is not well what to do; exit code 1 where something is bad',
    example: 'balena-backup doctor',
    words: [0, 0],
    values: ['output'],
  },
  {
    name: 'passphrase',
    usage: 'UUID',
    summary: "says what a device's snapshots are encrypted with, for use with plain Duplicity, and nothing else",
    example: 'PASSPHRASE="$(balena-backup passphrase 3fa7c01)" duplicity restore URL FOLDER',
    words: [1, 1],
  },
  {
    name: 'accept-host-key',
    usage: 'HOST[:PORT] [--yes]',
    summary: 'compares the host key that a server shows with the one that is remembered, and trusts it if you say so',
    example: 'balena-backup accept-host-key ssh.balena-devices.com',
    words: [1, 1],
    flags: ['yes'],
  },
  {
    name: 'completion',
    usage: 'bash|zsh|fish',
    summary: 'says the script that teaches a shell to complete commands, options and device names',
    example: 'eval "$(balena-backup completion bash)"',
    words: [1, 1],
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
