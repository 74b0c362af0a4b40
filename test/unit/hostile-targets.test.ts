import { spawnSync } from 'node:child_process';
import { isLeft, isRight } from 'fp-ts/Either';
import { BACKENDS } from '../../src/model/backend';
import type { Target } from '../../src/model/policy';
import { parseTarget, serverOf } from '../../src/model/target';
import { backupScriptOf } from '../support/backupscript';
import { aDevice, aPolicy, aUuid, resolved } from '../support/desired';
import { settingsOf } from '../support/settings';

/** What the operator set, each with a value of its own. */
const PASSWORDS = ['FTP_PASSWORD', 'IMAP_PASSWORD'];
const CREDENTIALS = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AZURE_CONNECTION_STRING',
  'SWIFT_PASSWORD',
  'GS_SECRET_ACCESS_KEY',
  'PCA_PASSWORD',
  'DPBX_ACCESS_TOKEN',
  'OAUTH2_REFRESH_TOKEN',
  'GOOGLE_SERVICE_JSON_FILE',
  'RCLONE_CONFIG_X_PASS',
];
const OURS = [
  'CLI_API_KEY',
  'PASSPHRASE',
  'BACKUP_SSH_KEY',
  'BALENA_API_KEY',
  'BACKUP_URL',
  'PATH',
  'HOME',
  'NODE_OPTIONS',
];
const ALL = [...PASSWORDS, ...CREDENTIALS, ...OURS];
const environment = new Map(ALL.map((name) => [name, `marked-${name}`]));

const OPERATORS = [
  'file:///backups',
  'ftp://user@good.example/x',
  'webdavs://user@good.example:8443/x',
  'imaps://user@good.example/x',
  'sftp://user@good.example//x',
  'rsync://user@good.example::module/x',
];

/** Ways to write a server that is not the operator's but may look like it, and the operator's own. */
const SERVERS = [
  'evil.example',
  'user@evil.example',
  'user:x@evil.example',
  'good.example@evil.example',
  'user:good.example@evil.example',
  'user@good.example@evil.example',
  'user@good.example:21@evil.example',
  'user@good.example.evil.example',
  'user@good.example.',
  'user@good.example:9999',
  'user@good.example%00.evil.example',
  'user@good.example%2eevil.example',
  'user@good.example%40evil.example',
  'user@good.example\\@evil.example',
  'user@good.example#@evil.example',
  'user@good.example?@evil.example',
  'user@good.example;@evil.example',
  'user@[good.example]',
  'user@[::1]',
  'user@evil.example::module',
  'user@good.example::.evil.example',
  'user@good.example:21::.evil.example',
  'user@good.example:21::@evil.example',
  'user@good.example',
  'user@GOOD.example:21',
];

function target(text: string, trusted: boolean, home: string | null): Target | null {
  const parsed = parseTarget(text, { uuid: aUuid(1), environment, allowed: null, trusted, home });
  return isRight(parsed) ? parsed.right : null;
}

const homes = OPERATORS.map((operator) => {
  const own = target(operator, true, null);
  if (own === null) throw new Error(`${operator} cannot be read`);
  return { operator, home: serverOf(own) };
});

const tried = homes.flatMap(({ operator, home }) =>
  [...BACKENDS.keys()].flatMap((scheme) =>
    SERVERS.flatMap((server) => {
      const url = `${scheme}://${server}/x/$UUID`;
      const read = target(url, false, home);
      return read === null ? [] : [{ operator, home, url, read }];
    }),
  ),
);

test('there is much that a tag may say', () => {
  expect(tried.length).toBeGreaterThan(300);
});

test("the operator's passwords go to the operator's own server alone", () => {
  const sent = tried.filter(({ read }) => read.variables.some((name) => PASSWORDS.includes(name)));

  expect(sent.length).toBeGreaterThan(0);
  for (const { home, read } of sent) {
    expect(serverOf(read)).toBe(home);
    expect(read.host).toBe('good.example');
  }
});

test('a run gets of the other credentials those of its own scheme, and none of ours', () => {
  for (const { read } of tried) {
    for (const name of read.variables) expect(OURS).not.toContain(name);
    if (read.variables.some((name) => CREDENTIALS.includes(name))) expect(read.overSsh).toBe(false);
    expect(`${read.url} ${read.options.join(' ')}`).not.toContain('marked-');
  }
});

test('what is sent to a device for a server of theirs holds no password, and nothing of ours but the passphrase of its run', async () => {
  const settings = settingsOf({ environment });
  const theirs = new Map(tried.flatMap((each) => (serverOf(each.read) === each.home ? [] : [[each.url, each.read]])));
  expect(theirs.size).toBeGreaterThan(100);

  for (const read of theirs.values()) {
    const script = await backupScriptOf(aDevice(), aPolicy({ target: resolved(read) }), settings);
    const brought = [...script.matchAll(/marked-([A-Z_0-9]+)/g)].map(([, name = '']) => name);
    expect(brought.filter((name) => !read.variables.includes(name) || !CREDENTIALS.includes(name))).toEqual([]);
    expect(script).not.toContain(settings.apiKey.reveal());
  }
});

test('Duplicity reads the same server out of a URL as we do', () => {
  const urls = [...new Set(tried.map(({ read }) => read.url))].filter((url) => !url.startsWith('rclone'));
  const program =
    'import json,sys,urllib.parse\nprint(json.dumps([urllib.parse.urlsplit(url).hostname for url in json.load(sys.stdin)]))';

  const { stdout } = spawnSync('python3', ['-c', program], { input: JSON.stringify(urls), encoding: 'utf8' });

  const hosts = new Map(tried.map(({ read }) => [read.url, read.host]));
  const bare = (host: string | null | undefined): string | null => host?.replace(/^\[|\]$/g, '') ?? null;
  const named = urls.filter((url) => hosts.get(url) !== null);
  expect(named.length).toBeGreaterThan(50);
  const seen = JSON.parse(stdout) as readonly (string | null)[];
  for (const [index, url] of urls.entries()) {
    if (hosts.get(url) !== null) expect({ url, host: seen[index] }).toEqual({ url, host: bare(hosts.get(url)) });
  }
});

test.each(ALL.flatMap((name) => [`$${name}`, `\${${name}}`, `"$${name}"`, `$${name}_FILE`]))(
  'a tag cannot put %s into a URL or an option',
  (reference) => {
    for (const text of [
      `ftp://user:${reference}@evil.example/x`,
      `ftp://${reference}@evil.example/x`,
      `ftp://u:p@evil.example/${reference}/x`,
      `ftp://u:p@evil.example/x --file-prefix=${reference}`,
      `s3://bucket/x --s3-endpoint-url=http://evil.example/${reference}`,
    ]) {
      const parsed = parseTarget(text, { uuid: aUuid(1), environment, allowed: null, trusted: false, home: null });
      expect(isLeft(parsed)).toBe(true);
      expect(JSON.stringify(parsed)).not.toContain('marked-');
    }
  },
);

test('variables for URLs can be limited to a list', () => {
  const known = new Map([...environment, ['B2_KEY', 'marked-b2'], ['ID', 'id']]);
  const context = { uuid: aUuid(1), environment: known, allowed: ['ID'], trusted: false, home: null };

  expect(isRight(parseTarget('ftp://$ID:x@evil.example/x', context))).toBe(true);
  expect(isLeft(parseTarget('ftp://u:$B2_KEY@evil.example/x', context))).toBe(true);
});
