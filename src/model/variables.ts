import { isBackendCredential } from './credentials';

/** Secrets and credentials: each may also be given as `NAME_FILE`, the path of a file that holds it. */
export const SECRET_VARIABLES = [
  'CLI_API_KEY',
  'PASSPHRASE',
  'BACKUP_URL',
  'BACKUP_SSH_KEY',
  'BACKUP_SSH_KNOWN_HOSTS',
  'SSH_GATEWAY_HOST_KEY',
  'COLLECTOR_HOST_KEY',
] as const;

/** Every variable of the orchestrator's configuration, and the collector's. */
export const SETTINGS_VARIABLES: readonly string[] = [
  ...SECRET_VARIABLES,
  'BACKUP_VOLUMES',
  'BACKUP_SCHEDULE',
  'BACKUP_TIMEZONE',
  'TZ',
  'BACKUP_FULL_EVERY',
  'BACKUP_KEEP_FULL',
  'BACKUP_STARTING_DEADLINE',
  'BACKUP_COMPRESSION',
  'BACKUP_BANDWIDTH',
  'BACKUP_CPUS',
  'BACKUP_MEMORY',
  'DOCKER_IMAGE',
  'MOUNT_MODE',
  'MAX_CONCURRENT_RUNS',
  'RECONCILE_INTERVAL',
  'RUN_TIMEOUT',
  'STALL_TIMEOUT',
  'BALENA_API_URL',
  'BACKUP_FLEETS',
  'BACKUP_SELF',
  'DEVICE_TRANSPORT',
  'SSH_GATEWAY',
  'TUNNEL_SERVER',
  'TUNNEL_TLS',
  'HEARTBEAT',
  'STATE_DIR',
  'KEYS_DIR',
  'PASSPHRASE_MODE',
  'BACKUP_PASSPHRASE_CHANGE',
  'BACKUP_URL_VARIABLES',
  'BACKUP_ASSUME_YES',
  'LOG_LEVEL',
  'LOG_FORMAT',
  'COLLECTOR_CA_KEY',
  'COLLECTOR_APPEND_ONLY',
  'COLLECTOR_QUOTA',
];

const settings = new Set([...SETTINGS_VARIABLES, 'PATH', 'HOME']);
const PREFIXES = ['BALENA_', 'RESIN_', 'NODE_'];

/**
 * Whether a URL may never name the variable: our own configuration, the platform's, and what Duplicity reads itself. A
 * person who may edit tags must not be able to send these away.
 */
export function isForbiddenInUrl(name: string): boolean {
  const bare = name.endsWith('_FILE') ? name.slice(0, -'_FILE'.length) : name;
  return [name, bare].some(
    (each) => settings.has(each) || PREFIXES.some((prefix) => each.startsWith(prefix)) || isBackendCredential(each),
  );
}
