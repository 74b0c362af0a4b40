import { BACKENDS, type Backend } from './backend';

/** Where a run keeps what its programs read from files: the container's own memory. */
export const RUN_SECRETS = '/dev/shm/balena-backup';

/**
 * Variables whose text reaches a run as a file in its memory, and the variable that names the file there. As with every
 * credential, `NAME_FILE` may name a file of the orchestrator that holds the text.
 */
export const FILE_VARIABLES: ReadonlyMap<string, string> = new Map([
  ['GOOGLE_SERVICE_JSON', 'GOOGLE_SERVICE_JSON_FILE'],
  ['AWS_SHARED_CREDENTIALS', 'AWS_SHARED_CREDENTIALS_FILE'],
  ['AWS_CONFIG', 'AWS_CONFIG_FILE'],
  ['RCLONE_CONFIG', 'RCLONE_CONFIG'],
  ['MULTI_CONFIG', 'MULTI_CONFIG'],
]);

/** Backends' variables that may also be given by `NAME_FILE`: all that are known by their whole name. */
export const CREDENTIAL_FILES: readonly string[] = [
  ...new Set([...BACKENDS.values()].flatMap(({ needs, takes }) => [...needs.flat(), ...takes])),
].filter((name) => !name.endsWith('_') && !name.includes('*'));

/** Whether the variable is one that Duplicity, or a library of it, reads its credentials from. */
export function isBackendCredential(name: string): boolean {
  if (LIBRARY_PREFIXES.some((prefix) => name.startsWith(prefix))) return true;
  for (const backend of BACKENDS.values()) if (isReadBy(backend, name)) return true;
  return false;
}

const LIBRARY_PREFIXES = ['CLOUDFILES_', 'OS_', 'BOTO_', 'GS_', 'GPG_', 'SIGN_PASSPHRASE'];

/** Whether this scheme's backend reads the variable. The path of an orchestrator's file means nothing on a device. */
export function isReadBy({ needs, takes }: Backend, name: string): boolean {
  if (needs.some((set) => set.includes(name)) || takes.includes(name)) return true;
  return !name.endsWith('_FILE') && takes.some((taken) => taken.endsWith('_') && name.startsWith(taken));
}

/** What a run gets of the orchestrator's variables: in its environment, and as files that a variable names. */
export interface RunCredentials {
  readonly environment: ReadonlyMap<string, string>;
  /** By the name of the file, which is the variable's own. */
  readonly files: ReadonlyMap<string, string>;
}

export function credentialsFor(
  target: { readonly variables: readonly string[] },
  known: ReadonlyMap<string, string>,
): RunCredentials {
  const environment = new Map<string, string>();
  const files = new Map<string, string>();
  for (const name of target.variables) {
    const value = known.get(name) ?? '';
    const namedBy = FILE_VARIABLES.get(name);
    environment.set(namedBy ?? name, namedBy === undefined ? value : `${RUN_SECRETS}/${name}`);
    if (namedBy !== undefined) files.set(name, value);
  }
  return { environment, files };
}
