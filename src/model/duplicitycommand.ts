/** What Duplicity can be told to do, in the words of version 3. */
export type CommandWord =
  | 'backup'
  | 'full'
  | 'incremental'
  | 'restore'
  | 'verify'
  | 'cleanup'
  | 'collection-status'
  | 'list-current-files'
  | 'remove-older-than'
  | 'remove-all-but-n-full'
  | 'remove-all-inc-of-but-n-full'
  | 'replicate';

/** One call of Duplicity, beside the URL: its parts may be anything a person wrote, and are never evaluated. */
export interface DuplicityCommand {
  readonly word: CommandWord;
  /** The folder in the run's container, for the commands that have one. */
  readonly folder: string | null;
  /** The time or number of the commands that drop, or the second URL of `replicate`. */
  readonly amount: string | null;
  /** In the form `--option=value` and the spelling of version 3, without those that every run has. */
  readonly options: readonly string[];
}

/** Where user volumes are in the container. */
export const VOLUMES_FOLDER = '/volumes';

/** Whether the command writes into the device's volumes, which needs MOUNT_MODE=rw. */
export function writesVolumes({ word, folder }: DuplicityCommand): boolean {
  return word === 'restore' && folder !== null && isInVolumes(folder);
}

const READERS: readonly CommandWord[] = ['restore', 'verify', 'collection-status', 'list-current-files'];

/** Whether the command writes at no target: `replicate` reads at the one and writes at the other. */
export function readsTarget({ word }: DuplicityCommand): boolean {
  return READERS.includes(word);
}

function isInVolumes(folder: string): boolean {
  const parts: string[] = [];
  for (const part of folder.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}/`.startsWith(`${VOLUMES_FOLDER}/`);
}
