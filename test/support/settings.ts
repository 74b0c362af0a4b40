import { Secret } from '../../src/model/secret';
import type { DefaultField, PolicyDefaults, Settings } from '../../src/model/settings';

/** The built-in default of a policy field, as `readSettings` gives it. */
export function builtIn(variable: string, text: string): DefaultField {
  return { variable, text, given: false };
}

/** A policy field that the environment sets. */
export function given(variable: string, text: string): DefaultField {
  return { variable, text, given: true };
}

export function policyDefaultsOf(over: Partial<PolicyDefaults> = {}): PolicyDefaults {
  return {
    url: builtIn('BACKUP_URL', 'file:///backups'),
    volumes: builtIn('BACKUP_VOLUMES', 'all'),
    schedule: builtIn('BACKUP_SCHEDULE', '0 0 * * *'),
    timezone: builtIn('BACKUP_TIMEZONE', 'UTC'),
    fullEvery: builtIn('BACKUP_FULL_EVERY', '30D'),
    keepFull: null,
    bandwidth: null,
    ...over,
  };
}

/** Settings with the defaults of an environment that has only the two required variables. */
export function settingsOf(over: Partial<Settings> = {}): Settings {
  const apiKey = new Secret('api-key-of-the-test');
  const passphrase = new Secret('passphrase of the test');
  return {
    apiKey,
    passphrase,
    passphraseMode: 'shared',
    passphraseChange: 'refuse',
    defaults: policyDefaultsOf(),
    startingDeadlineMs: null,
    compression: 'default',
    cpus: null,
    memory: null,
    image: 'duplicity-of-the-test:1',
    fullImage: 'duplicity-of-the-test:1',
    mountMode: 'ro',
    maxConcurrentRuns: 10,
    reconcileIntervalMs: 60_000,
    runTimeoutMs: 43_200_000,
    stallTimeoutMs: 1_800_000,
    apiUrl: 'https://api.balena-cloud.com',
    fleets: null,
    backupSelf: false,
    selfUuid: null,
    transports: ['gateway'],
    gateway: { host: 'ssh.balena-devices.com', port: 22 },
    gatewayHostKey: null,
    tunnel: { host: 'tunnel.balena-cloud.com', port: 443 },
    tunnelTls: true,
    stateDir: '/data',
    heartbeat: null,
    keysDir: '/keys',
    collectorHostKey: null,
    userSshKey: null,
    userSshKnownHosts: null,
    urlVariables: null,
    assumeYes: false,
    logLevel: 'info',
    logFormat: 'text',
    environment: new Map(),
    secrets: [apiKey, passphrase],
    warnings: [],
    ...over,
  };
}
