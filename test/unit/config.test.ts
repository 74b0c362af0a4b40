import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isLeft, isRight } from 'fp-ts/Either';
import { readSettings } from '../../src/config';
import type { Settings } from '../../src/model/settings';
import { SETTINGS_VARIABLES } from '../../src/model/variables';
import { version } from '../../src/version';

const REQUIRED = { CLI_API_KEY: 'key-of-the-test', PASSPHRASE: 'a long passphrase' };
const FILES: Readonly<Record<string, string>> = { '/run/passphrase': 'from a file\n', '/run/empty': '\n' };

function readFile(path: string): string {
  const text = FILES[path];
  if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
  return text;
}

function read(environment: Readonly<Record<string, string>>): Settings {
  const settings = readSettings({ ...REQUIRED, ...environment }, readFile);
  if (isLeft(settings)) throw new Error(settings.left.join('\n'));
  return settings.right;
}

function problems(environment: Readonly<Record<string, string | undefined>>): readonly string[] {
  const settings = readSettings(environment, readFile);
  return isRight(settings) ? [] : settings.left;
}

describe('settings', () => {
  test('need only an API key and a passphrase', () => {
    const settings = read({});
    expect(settings).toMatchObject({
      maxConcurrentRuns: 10,
      reconcileIntervalMs: 60_000,
      runTimeoutMs: 43_200_000,
      stallTimeoutMs: 1_800_000,
      stateDir: '/data',
      keysDir: '/keys',
      transports: ['gateway'],
      gateway: { host: 'ssh.balena-devices.com', port: 22 },
      logFormat: 'text',
      warnings: [],
    });
    expect(settings.image).toBe(`balena-backup/duplicity:${version}`);
    expect(settings.fullImage).toBe(`balena-backup/duplicity:${version}-full`);
  });

  test('an image of the operator is taken for every target', () => {
    expect(read({ DOCKER_IMAGE: 'mine:1' })).toMatchObject({ image: 'mine:1', fullImage: 'mine:1' });
  });

  test('the text of a configuration file is told from its path', () => {
    const given = { ...REQUIRED, RCLONE_CONFIG: '/etc/rclone.conf' };
    expect(problems(given)).toEqual([
      'RCLONE_CONFIG: holds a path; it takes the text of the file, and RCLONE_CONFIG_FILE takes its path',
    ]);
    expect(read({ RCLONE_CONFIG_FILE: '/run/passphrase' }).environment.get('RCLONE_CONFIG')).toBe('from a file');
  });

  test('the version is that of package.json', () => {
    expect(JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8'))).toMatchObject({ version });
  });

  test('name every missing and wrong variable at once, and never show a secret', () => {
    const found = problems({
      PASSPHRASE: 'line one\nline two',
      BACKUP_FULL_EVERY: '30d',
      MAX_CONCURRENT_RUNS: '0',
      RECONCILE_INTERVAL: '60',
      BACKUP_SELF: 'yes',
      LOG_FORMAT: 'xml',
      BACKUP_SCHEDULE: '61 * * * *',
      BACKUP_TIMEZONE: 'Europe/Nowhere',
      BACKUP_SSH_KEY: 'not-a-key-but-secret',
      BACKUP_URL: 'rsnyc://host//x',
    });
    const text = found.join('\n');
    expect(found.map((line) => line.split(':')[0]).sort()).toEqual([
      'BACKUP_FULL_EVERY',
      'BACKUP_SCHEDULE',
      'BACKUP_SELF',
      'BACKUP_SSH_KEY',
      'BACKUP_TIMEZONE',
      'BACKUP_URL',
      'CLI_API_KEY',
      'LOG_FORMAT',
      'MAX_CONCURRENT_RUNS',
      'PASSPHRASE',
      'RECONCILE_INTERVAL',
    ]);
    expect(text).toContain('did you mean 30D?');
    expect(text).toContain('did you mean rsync://?');
    expect(text).not.toContain('line two');
    expect(text).not.toContain('not-a-key-but-secret');
  });

  test.each(['Zq7', 'Zq7,Zq7', ' Zq7 "Zq7', 'Zq7/Zq7-1 * * * Zq7', `${'x'.repeat(70)}Zq7`, 'Zq7\u001b'])(
    'name the variable and never its value, which may be a secret in the wrong place: %j',
    (value) => {
      const all = Object.fromEntries(SETTINGS_VARIABLES.map((variable) => [variable, value]));
      const found = problems(all);

      expect(found.length).toBeGreaterThan(25);
      expect(found.filter((line) => /zq7|x{9}/i.test(line))).toEqual([]);
    },
  );

  test('say of a value what would be right without showing it', () => {
    expect(
      problems({ ...REQUIRED, RECONCILE_INTERVAL: '60', BACKUP_FLEETS: 'a/b,c', BACKUP_FULL_EVERY: '30d' }),
    ).toEqual([
      expect.stringMatching(/^BACKUP_FULL_EVERY: its value is not an interval; did you mean 30D\?/),
      expect.stringMatching(/^BACKUP_FLEETS: \[a part of it\] is not a fleet's slug; write ORGANISATION/),
      expect.stringMatching(/^RECONCILE_INTERVAL: its value is not a duration; write a whole number/),
    ]);
  });

  test('a secret may come from a file, less its last line end', () => {
    const settings = readSettings({ CLI_API_KEY: 'k', PASSPHRASE_FILE: '/run/passphrase' }, readFile);
    expect(isRight(settings) && settings.right.passphrase.reveal()).toBe('from a file');
  });

  test.each([
    [{ ...REQUIRED, PASSPHRASE_FILE: '/run/passphrase' }, 'given twice'],
    [
      { CLI_API_KEY: 'k', PASSPHRASE_FILE: '/run/absent' },
      'PASSPHRASE_FILE: the file that it names cannot be read (ENOENT)',
    ],
    [{ CLI_API_KEY: 'k', PASSPHRASE_FILE: '/run/empty' }, 'empty'],
  ])('a file of a secret that cannot be used is one problem: %#', (environment, text) => {
    const found = problems(environment);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(text);
  });

  test('a password of a backend may come from a file, too, and is hidden', () => {
    const settings = read({ FTP_PASSWORD_FILE: '/run/passphrase', BACKUP_URL: 'ftp://user@host/x' });
    expect(settings.environment.get('FTP_PASSWORD')).toBe('from a file');
    expect(settings.secrets.map((secret) => secret.reveal())).toContain('from a file');
  });

  test('TZ stands in for BACKUP_TIMEZONE', () => {
    expect(read({ TZ: 'Europe/Berlin' }).defaults.timezone).toMatchObject({ text: 'Europe/Berlin' });
    expect(read({ TZ: 'Europe/Berlin', BACKUP_TIMEZONE: 'Asia/Tokyo' }).defaults.timezone.text).toBe('Asia/Tokyo');
  });

  test('a zone of TZ is said to be from there, also where it is none', () => {
    expect(read({ TZ: 'Europe/Berlin' }).defaults.timezone).toMatchObject({ variable: 'TZ', given: true });
    expect(read({}).defaults.timezone).toMatchObject({ variable: 'BACKUP_TIMEZONE', text: 'UTC', given: false });
    expect(problems({ ...REQUIRED, TZ: 'Mars/Olympus' })).toEqual([expect.stringMatching(/^TZ: .* not a time zone/)]);
  });

  test('a misspelt variable is reported, with the one that is near', () => {
    expect(read({ BACKUP_SHEDULE: '@daily' }).warnings).toEqual([
      'BACKUP_SHEDULE is not a variable of this program and is ignored; did you mean BACKUP_SCHEDULE?',
    ]);
  });

  test('lists, hosts and orders of preference are read', () => {
    const settings = read({
      BACKUP_FLEETS: 'Org/One, org/two',
      DEVICE_TRANSPORT: 'direct,gateway',
      SSH_GATEWAY: '127.0.0.1:2222',
      SSH_GATEWAY_HOST_KEY: 'host ssh-ed25519 AAAAC3Nz comment',
      BACKUP_MEMORY: '256M',
      BACKUP_CPUS: '0.5',
    });
    expect(settings).toMatchObject({
      fleets: ['org/one', 'org/two'],
      transports: ['direct', 'gateway'],
      gateway: { host: '127.0.0.1', port: 2222 },
      gatewayHostKey: 'ssh-ed25519 AAAAC3Nz',
      memory: 268_435_456,
      cpus: 0.5,
    });
  });
});
