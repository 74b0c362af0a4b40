import { isLeft } from 'fp-ts/Either';
import { BACKENDS } from '../../src/model/backend';
import { CREDENTIAL_FILES, credentialsFor, isBackendCredential } from '../../src/model/credentials';
import { GONE_SCHEMES } from '../../src/model/gone';
import { parseTarget } from '../../src/model/target';
import { isForbiddenInUrl } from '../../src/model/variables';
import { aUuid } from '../support/desired';

const uuid = aUuid(7);

function read(text: string, environment: Readonly<Record<string, string>> = {}): ReturnType<typeof parseTarget> {
  const known = new Map(Object.entries(environment));
  return parseTarget(text, { uuid, environment: known, allowed: null, trusted: true, home: null });
}

function problem(text: string, environment: Readonly<Record<string, string>> = {}): string {
  const target = read(text, environment);
  return isLeft(target) ? target.left.join('; ') : `accepted: ${target.right.url}`;
}

function accepted(text: string, environment: Readonly<Record<string, string>> = {}): string {
  return problem(text, environment).replace(uuid, '<uuid>');
}

/** One whole set of what each backend needs. */
function everythingFor(scheme: string): Readonly<Record<string, string>> {
  const backend = BACKENDS.get(scheme);
  const names = [...(backend?.needs[0] ?? []), ...(backend?.takes ?? []).filter((name) => !name.endsWith('_'))];
  const values = new Map(names.map((name) => [name.replace('*', 'REMOTE'), 'value']));
  return { ...Object.fromEntries(values), MULTI_CONFIG: '[{"url":"s3://bucket"}]', MEGA_PASSWORD: 'x' };
}

/** The schemes that the original promises. */
const PROMISED =
  'azure b2 boto3+s3 cf+http dpbx file ftp ftps gdocs hsi imap mega megav2 mf onedrive pca pydrive rclone rsync s3+http s3 scp ssh swift tahoe webdav webdavs';

describe('the table of backends', () => {
  test.each(PROMISED.split(' '))('%s can be used, or it is said what to use instead', (scheme) => {
    expect(BACKENDS.has(scheme) || GONE_SCHEMES.has(scheme)).toBe(true);
    expect(BACKENDS.has(scheme) && GONE_SCHEMES.has(scheme)).toBe(false);
  });

  test.each([...BACKENDS])(
    'the example of %s is accepted with what it needs, and refused without',
    (scheme, backend) => {
      const example = `"${backend.example.replaceAll('$UUID', uuid)}"`.replace(/ (--\S+)"/, '" $1');
      expect(accepted(example, everythingFor(scheme))).toMatch(/^accepted: /);
      const isFree = backend.needs.length === 0 && backend.login === 'none';
      expect(/^accepted: /.test(accepted(example))).toBe(isFree || example.includes('GUEST'));
    },
  );

  test.each([...GONE_SCHEMES.keys()])('%s:// is refused with what to use instead', (scheme) => {
    expect(problem(`${scheme}://host/path`)).toMatch(/cannot be used: .*(use|calls it)/);
  });

  test.each([
    ['scp://root@host//b', 'sftp://root@host//b'],
    ['ssh://root@host//b', 'sftp://root@host//b'],
    ['s3://bucket/b', 'boto3+s3://bucket/b'],
    ['s3+http://bucket/b', 'boto3+s3://bucket/b'],
    ['gdocs://u@host/b', 'pydrive://u@host/b'],
    ['ncftp+ftp://host/b', 'ftp://host/b'],
    ['https://u@host/b', 'webdavs://u@host/b'],
    ['rsync://host:873::module/b', 'rsync://host:873::module/b'],
    ['gdrive://a@host/b?driveID=x_1', 'gdrive://a@host/b?driveID=x_1'],
    ['dpbx:///b/c/', 'dpbx:///b/c'],
    ['onedrive://b/c//', 'onedrive://b/c'],
    ['ftp://host/b/', 'ftp://host/b/'],
    ['multi:///etc/stores.json?mode=mirror', 'multi:///dev/shm/balena-backup/MULTI_CONFIG?mode=mirror'],
  ])('%s goes to Duplicity as %s', (written, sent) => {
    const scheme = written.replace(/:.*/, '');
    expect(problem(written, { ...everythingFor(scheme), FTP_PASSWORD: 'x' })).toBe(`accepted: ${sent}`);
  });
});

describe('what is missing', () => {
  test.each([
    ['azure://box', {}, 'azure:// needs AZURE_CONNECTION_STRING; set AZURE_CONNECTION_STRING on the orchestrator'],
    ['s3://b', {}, 's3:// needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or else AWS_SHARED_CREDENTIALS;'],
    ['s3://b', { AWS_ACCESS_KEY_ID: 'x' }, 's3:// needs AWS_SECRET_ACCESS_KEY, or else AWS_SHARED_CREDENTIALS;'],
    ['swift://b', { SWIFT_PREAUTHURL: 'x' }, 'swift:// needs SWIFT_PREAUTHTOKEN, or else SWIFT_USERNAME and'],
    [
      'rclone://my-box:b',
      { RCLONE_CONFIG_OTHER_TYPE: 'x' },
      'rclone:// needs RCLONE_CONFIG_MY_BOX_TYPE, or else RCLONE_CONFIG;',
    ],
    ['imap://host/b', { IMAP_PASSWORD: 'x' }, 'imap:// needs a user before the @'],
    ['imap://u@host/b', {}, 'imap:// needs a password; set IMAP_PASSWORD on the orchestrator'],
    ['ftp://u@host/b', {}, 'ftp:// needs a password; set FTP_PASSWORD'],
    ['b2://id@bucket/b', {}, 'b2:// needs a password; set FTP_PASSWORD'],
    [
      'mega://u@mega.nz/b',
      { FTP_PASSWORD: 'x' },
      'mega:// needs a password; write it into the URL by a variable of your own, for example mega://USER:$MEGA_PASSWORD@mega.nz/',
    ],
    [
      'gdrive://a@host/b',
      { GOOGLE_SERVICE_JSON: 'x' },
      'gdrive:// needs driveID=... or myDriveFolderID=... behind a ?',
    ],
    ['dpbx:///', { DPBX_ACCESS_TOKEN: 'x' }, 'the path is missing; name a folder'],
    ['onedrive:///', { OAUTH2_CLIENT_ID: 'x', OAUTH2_REFRESH_TOKEN: 'y' }, 'the path is missing; name a folder'],
    ['multi:///x', { MULTI_CONFIG: 'x' }, 'MULTI_CONFIG is not a list of stores'],
    ['multi:///x', { MULTI_CONFIG: '[{"url":"sftp://u@h/x"}]' }, 'there is no key for it'],
    ['multi:///x', { MULTI_CONFIG: '[{"url":"file:///tmp"}]' }, 'must lie in /backups'],
    ['multi:///x?mode=copy&other=1', { MULTI_CONFIG: '[{"url":"s3://b"}]' }, 'behind the ? of a multi:// URL only'],
    ['rclone:///local', { RCLONE_CONFIG: 'x' }, 'needs the name of a remote and a colon'],
    ['rclone://:local:/x', { RCLONE_CONFIG: 'x' }, 'needs the name of a remote and a colon'],
    ['azure://box/$UUID', { AZURE_CONNECTION_STRING: 'x' }, 'azure:// has no folders'],
    ['imap://u@host:1143/b', { IMAP_PASSWORD: 'x' }, 'Duplicity always goes to port 143'],
    [
      's3://host:9000/bucket',
      { AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'y' },
      '--s3-endpoint-url=https://HOST:PORT',
    ],
  ])('for %s with %j is said', (url, environment, words) => {
    expect(problem(url, environment)).toContain(words);
  });

  test('and nothing is where it is known', () => {
    expect(problem('ftp://host/b')).toBe(`accepted: ftp://host/b`);
    expect(problem('ftp://u:p@host/b')).toBe('accepted: ftp://u:p@host/b');
    expect(problem('rclone://my-box:b', { RCLONE_CONFIG_MY_BOX_TYPE: 'sftp' })).toBe('accepted: rclone://my-box:b');
  });
});

describe('credentials', () => {
  test('reach a run by name, and as files where programs read files', () => {
    const known = new Map([
      ['RCLONE_CONFIG', '[box]'],
      ['RCLONE_CONFIG_BOX_TYPE', 'sftp'],
      ['AWS_SECRET_ACCESS_KEY', 'x'],
    ]);
    expect(credentialsFor({ variables: ['RCLONE_CONFIG', 'RCLONE_CONFIG_BOX_TYPE'] }, known)).toEqual({
      environment: new Map([
        ['RCLONE_CONFIG', '/dev/shm/balena-backup/RCLONE_CONFIG'],
        ['RCLONE_CONFIG_BOX_TYPE', 'sftp'],
      ]),
      files: new Map([['RCLONE_CONFIG', '[box]']]),
    });
  });

  test('that a file of the orchestrator holds do not take its path along', () => {
    const environment = { AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'y', AWS_SECRET_ACCESS_KEY_FILE: '/run/key' };
    const target = read('s3://b', environment);
    expect(isLeft(target) ? target.left : target.right.variables).toEqual([
      'AWS_ACCESS_KEY_ID',
      'AWS_SECRET_ACCESS_KEY',
    ]);
  });

  test.each([
    'AZURE_CONNECTION_STRING',
    'RCLONE_CONFIG_BOX_PASS',
    'GOOGLE_SERVICE_JSON',
    'MULTI_CONFIG',
    'FTP_PASSWORD',
  ])('%s may not be named in a URL', (name) => {
    expect(isBackendCredential(name)).toBe(true);
    expect(isForbiddenInUrl(name)).toBe(true);
    expect(isForbiddenInUrl(`${name}_FILE`)).toBe(true);
  });

  test('that may be given by a file are all those with a name of their own', () => {
    expect(CREDENTIAL_FILES).toEqual(
      expect.arrayContaining(['AWS_SECRET_ACCESS_KEY', 'GOOGLE_SERVICE_JSON', 'RCLONE_CONFIG']),
    );
    expect(CREDENTIAL_FILES.filter((name) => /[*_]$/.test(name))).toEqual([]);
  });
});

test('an image must have what a target needs, and for several stores what each of them does', () => {
  const target = read('multi:///x', { MULTI_CONFIG: '[{"url":"s3://b"},{"url":"ftp://h/x"},{"url":"azure://c"}]' });
  expect(isLeft(target) ? target.left : target.right.needs).toEqual({
    image: 'full',
    modules: ['boto3', 'azure.storage.blob'],
    programs: ['lftp'],
  });
});
