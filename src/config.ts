import { readFileSync } from 'node:fs';
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import {
  type Environment,
  listOf,
  oneOf,
  parseApiUrl,
  parseBoolean,
  parseCount,
  parseCpus,
  parseFleets,
  parseFolder,
  parseHostKey,
  parseHostPort,
  parseMemory,
  parseNames,
  parseTimer,
  type ReadFile,
  VariableReader,
  warningsOf,
} from './configread';
import { parseBytes } from './model/bytes';
import { deviceUuidOf } from './model/brand';
import { CREDENTIAL_FILES, FILE_VARIABLES } from './model/credentials';
import { parseDuration } from './model/duration';
import { hiddenValues } from './model/hidden';
import { imageOf, isImageName } from './model/image';
import { parseInterval } from './model/interval';
import { quoted } from './model/quote';
import { parseKeepFull } from './model/resolve';
import { parseSchedule } from './model/schedule';
import { Secret } from './model/secret';
import type { DefaultField, PolicyDefaults, Settings } from './model/settings';
import { parseTarget } from './model/target';
import { parseTimezone } from './model/timezone';
import { parseVolumes } from './model/volumes';
import { version } from './version';

/** The process's own environment as settings; the only place that reads it. Left: every problem, one sentence each. */
export function readEnvironment(): Either<readonly string[], Settings> {
  return readSettings(process.env, (path) => readFileSync(path, 'utf8'));
}

/** STATE_DIR and LOG_FORMAT, for what must work without any other variable; their defaults where they are wrong. */
export function readPlaces(): Pick<Settings, 'stateDir' | 'logFormat'> {
  return placesOf(new VariableReader(process.env, () => ''));
}

/** Reads and checks every variable of design section 2. Left: all problems at once; none shows a secret's value. */
export function readSettings(environment: Environment, readFile: ReadFile): Either<readonly string[], Settings> {
  const reader = new VariableReader(environment, readFile);
  const known = withCredentialFiles(environment, reader);
  const own = secretsOf(reader);
  const defaults = defaultsOf(reader, known);
  const settings: Settings = {
    ...own,
    defaults,
    ...runLimitsOf(reader),
    ...fleetOf(reader),
    ...transportOf(reader),
    ...placesOf(reader),
    environment: known,
    secrets: [
      own.apiKey,
      own.passphrase,
      ...(own.userSshKey === null ? [] : [own.userSshKey]),
      ...hiddenValues(defaults.url.text, known).map((value) => new Secret(value)),
    ],
    warnings: warningsOf(environment),
  };
  return reader.problems.length > 0 ? left(reader.problems) : right(settings);
}

/** The environment with what `FTP_PASSWORD_FILE` and its like name put in place. */
function withCredentialFiles(environment: Environment, reader: VariableReader): ReadonlyMap<string, string> {
  const known = new Map<string, string>();
  for (const [name, value] of Object.entries(environment)) if (value !== undefined) known.set(name, value);
  for (const name of CREDENTIAL_FILES) {
    const value = reader.secret(name);
    if (value !== null) known.set(name, value);
    if (value !== null && FILE_VARIABLES.has(name) && /^[./~][^\n]*$/.test(value)) {
      reader.reject(name, `holds a path; it takes the text of the file, and ${name}_FILE takes its path`);
    }
  }
  return known;
}

function secretsOf(
  reader: VariableReader,
): Pick<
  Settings,
  'apiKey' | 'passphrase' | 'passphraseMode' | 'passphraseChange' | 'userSshKey' | 'userSshKnownHosts'
> {
  const passphrase = required(reader, 'PASSPHRASE', 'the passphrase that encrypts the backups');
  if (/[\n\0]/.test(passphrase))
    reader.reject('PASSPHRASE', 'has a line end or NUL in it, which GnuPG would cut; use one line');
  const key = reader.secret('BACKUP_SSH_KEY');
  if (key !== null && !/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(key)) {
    reader.reject('BACKUP_SSH_KEY', 'is not a private key; give the whole file, with its BEGIN and END lines');
  }
  return {
    apiKey: new Secret(required(reader, 'CLI_API_KEY', 'an API key of a balena user').trim()),
    passphrase: new Secret(passphrase),
    passphraseMode: reader.parsed('PASSPHRASE_MODE', 'shared', oneOf(['shared', 'per-device'])),
    passphraseChange: reader.parsed('BACKUP_PASSPHRASE_CHANGE', 'refuse', oneOf(['refuse', 'new-chain'])),
    userSshKey: key === null ? null : new Secret(key),
    userSshKnownHosts: reader.secret('BACKUP_SSH_KNOWN_HOSTS'),
  };
}

function required(reader: VariableReader, variable: string, what: string): string {
  const before = reader.problems.length;
  const value = reader.secret(variable);
  if (value === null && reader.problems.length === before) {
    reader.reject(
      variable,
      `is not set; it is needed: ${what} (or ${variable}_FILE, the path of a file that holds it)`,
    );
  }
  return value ?? '';
}

// Devices are given what stands in a policy by their own UUIDs; to check the defaults any UUID will do.
const ANY_DEVICE = deviceUuidOf('0'.repeat(32));

function defaultsOf(reader: VariableReader, environment: ReadonlyMap<string, string>): PolicyDefaults {
  const isFromTz = reader.text('BACKUP_TIMEZONE') === null && reader.text('TZ') !== null;
  const allowed = reader.parsed('BACKUP_URL_VARIABLES', null, parseNames);
  const url = reader.secret('BACKUP_URL');
  const urlField = { variable: 'BACKUP_URL', text: url ?? 'file:///backups', given: url !== null };
  const target = parseTarget(urlField.text, { uuid: ANY_DEVICE, environment, allowed, trusted: true, home: null });
  if (isLeft(target)) for (const problem of target.left) reader.reject('BACKUP_URL', problem);
  return {
    url: urlField,
    timezone: field(reader, isFromTz ? 'TZ' : 'BACKUP_TIMEZONE', 'UTC', parseTimezone),
    volumes: field(reader, 'BACKUP_VOLUMES', 'all', (text) => parseVolumes(text, null)),
    schedule: field(reader, 'BACKUP_SCHEDULE', '0 0 * * *', (text) => parseSchedule(text, 'UTC', ANY_DEVICE)),
    fullEvery: field(reader, 'BACKUP_FULL_EVERY', '30D', parseInterval),
    keepFull: optionalField(reader, 'BACKUP_KEEP_FULL', parseKeepFull),
    bandwidth: optionalField(reader, 'BACKUP_BANDWIDTH', parseBytes),
  };
}

type Check = (text: string) => Either<string, unknown>;

function field(reader: VariableReader, variable: string, fallback: string, check: Check): DefaultField {
  const text = reader.text(variable);
  reader.checked<unknown>(variable, text ?? fallback, null, check);
  return { variable, text: text ?? fallback, given: text !== null };
}

function optionalField(reader: VariableReader, variable: string, check: Check): DefaultField | null {
  return reader.text(variable) === null ? null : field(reader, variable, '', check);
}

function runLimitsOf(
  reader: VariableReader,
): Pick<
  Settings,
  | 'startingDeadlineMs'
  | 'compression'
  | 'cpus'
  | 'memory'
  | 'image'
  | 'fullImage'
  | 'mountMode'
  | 'maxConcurrentRuns'
  | 'runTimeoutMs'
  | 'stallTimeoutMs'
> {
  const image = reader.parsed<string | null>('DOCKER_IMAGE', null, (text) =>
    isImageName(text)
      ? right(text)
      : left(`${quoted(text)} is not the name of an image; write for example registry.example.org/duplicity:1`),
  );
  return {
    startingDeadlineMs: reader.parsed<number | null>('BACKUP_STARTING_DEADLINE', null, parseDuration),
    compression: reader.parsed('BACKUP_COMPRESSION', 'default', oneOf(['none', 'fast', 'default'])),
    cpus: reader.parsed<number | null>('BACKUP_CPUS', null, parseCpus),
    memory: reader.parsed<number | null>('BACKUP_MEMORY', null, parseMemory),
    image: image ?? imageOf(version, 'small'),
    fullImage: image ?? imageOf(version, 'full'),
    mountMode: reader.parsed('MOUNT_MODE', 'ro', oneOf(['ro', 'rw'])),
    maxConcurrentRuns: reader.parsed('MAX_CONCURRENT_RUNS', 10, parseCount),
    runTimeoutMs: reader.parsed('RUN_TIMEOUT', 12 * 3_600_000, parseTimer),
    stallTimeoutMs: reader.parsed('STALL_TIMEOUT', 30 * 60_000, parseTimer),
  };
}

function fleetOf(
  reader: VariableReader,
): Pick<
  Settings,
  'apiUrl' | 'fleets' | 'backupSelf' | 'selfUuid' | 'reconcileIntervalMs' | 'urlVariables' | 'assumeYes'
> {
  return {
    apiUrl: reader.parsed('BALENA_API_URL', 'https://api.balena-cloud.com', parseApiUrl),
    fleets: reader.parsed<readonly string[] | null>('BACKUP_FLEETS', null, parseFleets),
    backupSelf: reader.parsed('BACKUP_SELF', false, parseBoolean),
    selfUuid: reader.text('BALENA_DEVICE_UUID'),
    reconcileIntervalMs: reader.parsed('RECONCILE_INTERVAL', 60_000, parseTimer),
    // Its problems were noted where the URL was read.
    urlVariables: quietly(reader.text('BACKUP_URL_VARIABLES')),
    assumeYes: reader.parsed('BACKUP_ASSUME_YES', false, parseBoolean),
  };
}

function quietly(text: string | null): readonly string[] | null {
  const names = text === null ? null : parseNames(text);
  return names === null || isLeft(names) ? null : names.right;
}

function transportOf(
  reader: VariableReader,
): Pick<Settings, 'transports' | 'gateway' | 'gatewayHostKey' | 'tunnel' | 'tunnelTls' | 'collectorHostKey'> {
  const key = (variable: string): string | null => {
    const text = reader.secret(variable);
    return text === null ? null : reader.checked<string | null>(variable, text, null, parseHostKey);
  };
  return {
    transports: reader.parsed('DEVICE_TRANSPORT', ['gateway'], listOf(['gateway', 'tunnel', 'direct'])),
    gateway: reader.parsed('SSH_GATEWAY', { host: 'ssh.balena-devices.com', port: 22 }, parseHostPort(22)),
    gatewayHostKey: key('SSH_GATEWAY_HOST_KEY'),
    tunnel: reader.parsed('TUNNEL_SERVER', { host: 'tunnel.balena-cloud.com', port: 443 }, parseHostPort(443)),
    tunnelTls: reader.parsed('TUNNEL_TLS', true, parseBoolean),
    collectorHostKey: key('COLLECTOR_HOST_KEY'),
  };
}

function placesOf(
  reader: VariableReader,
): Pick<Settings, 'stateDir' | 'heartbeat' | 'keysDir' | 'logLevel' | 'logFormat'> {
  return {
    stateDir: reader.parsed('STATE_DIR', '/data', parseFolder),
    heartbeat: reader.parsed<string | null>('HEARTBEAT', null, parseFolder),
    keysDir: reader.parsed('KEYS_DIR', '/keys', parseFolder),
    logLevel: reader.parsed('LOG_LEVEL', 'info', oneOf(['error', 'warn', 'info', 'debug'])),
    logFormat: reader.parsed('LOG_FORMAT', 'text', oneOf(['text', 'json'])),
  };
}
