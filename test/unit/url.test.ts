import { isLeft } from 'fp-ts/Either';
import { BACKENDS } from '../../src/model/backend';
import { decodedPath, parseUrl } from '../../src/model/url';

/** The parts of a URL, or what is wrong with it. */
function read(text: string): unknown {
  const parsed = parseUrl(text);
  if (isLeft(parsed)) return parsed.left;
  const { backend, ...parts } = parsed.right;
  return { ...parts, backend: backend.family };
}

const parts = { user: null, password: null, host: null, port: null, path: '', query: '' };

describe('a URL', () => {
  it.each([
    {
      text: 'sftp://root@host:54321//backups/x',
      is: { scheme: 'sftp', backend: 'ssh', user: 'root', host: 'host', port: 54_321, path: '//backups/x' },
    },
    { text: 'SFTP://HOST/x', is: { scheme: 'sftp', backend: 'ssh', host: 'host', path: '/x' } },
    {
      text: 'sftp://[FE80::1]:22//b',
      is: { scheme: 'sftp', backend: 'ssh', host: '[fe80::1]', port: 22, path: '//b' },
    },
    { text: 'sftp://[fe80::1]//b', is: { scheme: 'sftp', backend: 'ssh', host: '[fe80::1]', path: '//b' } },
    { text: 'sftp://h:1//b', is: { scheme: 'sftp', backend: 'ssh', host: 'h', port: 1, path: '//b' } },
    { text: 'sftp://h:65535//b', is: { scheme: 'sftp', backend: 'ssh', host: 'h', port: 65_535, path: '//b' } },
    {
      text: 'ftp://u:p:w@h/x',
      is: { scheme: 'ftp', backend: 'ftp', user: 'u', password: 'p:w', host: 'h', path: '/x' },
    },
    { text: 'ftp://u:@h/x', is: { scheme: 'ftp', backend: 'ftp', user: 'u', password: '', host: 'h', path: '/x' } },
    {
      text: 'sftp://me@example.org@h//b',
      is: { scheme: 'sftp', backend: 'ssh', user: 'me@example.org', host: 'h', path: '//b' },
    },
    { text: 'sftp://h//b/a@c:d', is: { scheme: 'sftp', backend: 'ssh', host: 'h', path: '//b/a@c:d' } },
    { text: 'imap://u@h:143/b', is: { scheme: 'imap', backend: 'imap', user: 'u', host: 'h', port: 143, path: '/b' } },
    { text: 'rsync://h::module/x', is: { scheme: 'rsync', backend: 'rsyncd', host: 'h', path: 'module/x' } },
    { text: 'rsync://h:873::module', is: { scheme: 'rsync', backend: 'rsyncd', host: 'h', port: 873, path: 'module' } },
    { text: 'rsync://h//a::b', is: { scheme: 'rsync', backend: 'ssh', host: 'h', path: '//a::b' } },
    { text: 'file:///backups', is: { scheme: 'file', backend: 'file', path: '/backups' } },
    { text: 'file:////backups', is: { scheme: 'file', backend: 'file', path: '//backups' } },
    { text: 's3://bucket', is: { scheme: 's3', backend: 's3', host: 'bucket' } },
    { text: 'azure://box/', is: { scheme: 'azure', backend: 'azure', host: 'box', path: '/' } },
    { text: 'rclone://box:a/b', is: { scheme: 'rclone', backend: 'rclone', path: 'box:a/b' } },
    {
      text: 'gdrive://a@p/b?driveID=x_1&myDriveFolderID=y.2-z',
      is: {
        scheme: 'gdrive',
        backend: 'gdrive',
        user: 'a',
        host: 'p',
        path: '/b',
        query: 'driveID=x_1&myDriveFolderID=y.2-z',
      },
    },
    { text: 'multi:///x?mode=mirror', is: { scheme: 'multi', backend: 'multi', path: '/x', query: 'mode=mirror' } },
  ])('is taken apart: $text', ({ text, is }) => {
    expect(read(text)).toEqual({ ...parts, ...is });
  });

  const place =
    'the path has characters that are not safe there; use letters, digits and _ . + ~ @ : = - between slashes';
  const schemes = [...BACKENDS.keys()].join(', ');
  const query = 'behind the ? of a gdrive:// URL only driveID=... and myDriveFolderID=... may stand, joined by &';

  it.each([
    { text: 'nowhere://h/x', is: `"nowhere://" is not a scheme that Duplicity knows; the schemes are ${schemes}` },
    { text: 'sftpp://h/x', is: '"sftpp://" is not a scheme that Duplicity knows; did you mean sftp://?' },
    { text: 'x sftp://h/x', is: `"://" is not a scheme that Duplicity knows; the schemes are ${schemes}` },
    { text: 'no URL', is: `"://" is not a scheme that Duplicity knows; the schemes are ${schemes}` },
    { text: 'sftp:////a', is: 'sftp:// needs a host after it' },
    { text: 'sftp://u@/a', is: 'sftp:// needs a host after it' },
    { text: 'b2:///a', is: 'b2:// needs a bucket after it' },
    { text: 'sftp://-h//a', is: 'the host is not a name: it has letters, digits, dots, - and _ only' },
    { text: 'sftp://[x]//a', is: 'the host is not a name: it has letters, digits, dots, - and _ only' },
    { text: 's3://buck$et', is: 'the bucket is not a name: it has letters, digits, dots, - and _ only' },
    { text: 'sftp://@h//a', is: 'the user name has characters that cannot stand there; write them percent-encoded' },
    { text: 'sftp://a"b@h//a', is: 'the user name has characters that cannot stand there; write them percent-encoded' },
    {
      text: 'ftp://u:a"b@h/x',
      is: 'the password has characters that cannot stand there; write them percent-encoded, for example %40 for @ and %2F for /',
    },
    { text: 'b2://id:a/b@bucket/x', is: 'the user or password seems to have a / in it; write it as %2F' },
    ...['ab', '0', '65536', '123456', 'x22', '22x', '-1'].map((port) => ({
      text: `sftp://u@h:${port}//a`,
      is: 'the port is not a number from 1 to 65535',
    })),
    { text: 'b2://bucket:22/x', is: 'b2:// names a bucket, which has no port' },
    { text: 'imap://u@h:993/b', is: 'Duplicity always goes to port 143 for imap://; leave the port out' },
    { text: 'sftp://h::module//x', is: 'only rsync://HOST::MODULE/ has :: behind the host' },
    { text: 'sftp://h//a b', is: place },
    { text: 'sftp://h//a%20b', is: place },
    { text: 'sftp://h//a%zz', is: place },
    { text: 'sftp://h//a%', is: place },
    { text: 'sftp://h//a/../b', is: 'the path has .. in it; write the path that is meant' },
    { text: 'sftp://h//a/%2E%2e', is: 'the path has .. in it; write the path that is meant' },
    { text: 'rclone://-a:b', is: 'the path begins with -, which would be read as an option' },
    { text: 'sftp://h', is: 'the path is missing; name a folder, for example //backups/$UUID' },
    ...['file://', 'file:///', 'file://relative/path', 'file://x'].map((text) => ({
      text,
      is: 'file:// needs a folder by its absolute path, for example file:///backups',
    })),
    {
      text: 'azure://box/a',
      is: /^azure:\/\/ has no folders: name the bucket alone, for example azure:\/\/\S+; the files' names keep devices apart$/,
    },
    { text: 'rclone://a', is: /^rclone:\/\/ needs the name of a remote and a colon, for example rclone:/ },
    { text: 'rclone:///a:b', is: /^rclone:\/\/ needs the name of a remote and a colon, for example rclone:/ },
    ...['driveID', 'driveID=', 'other=x', 'driveID=x;y', 'x driveID=y', 'driveID=x&', '&driveID=x', 'driveID=x=y'].map(
      (text) => ({ text: `gdrive://a@p/b?${text}`, is: query }),
    ),
    { text: 'sftp://h//b?driveID=x', is: place },
  ])('is refused: $text', ({ text, is }) => {
    expect(read(text)).toEqual(typeof is === 'string' ? is : expect.stringMatching(is));
  });
});

describe('a path', () => {
  it('is decoded where it is percent-encoded text', () => {
    expect(['/a%2Fb', '/a', '/%', '/%ff'].map(decodedPath)).toEqual(['/a/b', '/a', null, null]);
  });
});
