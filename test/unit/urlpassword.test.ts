import { withoutPassword } from '../../src/model/urlpassword';

test.each([
  {
    url: 'sftp://root:hush@host:54321//backups/x',
    bare: 'sftp://root@host:54321//backups/x',
    variable: 'FTP_PASSWORD',
    value: 'hush',
  },
  { url: 'b2://id:a%2Fb%40c@bucket/x', bare: 'b2://id@bucket/x', variable: 'FTP_PASSWORD', value: 'a/b@c' },
  {
    url: 'imaps://me@example.org:p:w@host/x',
    bare: 'imaps://me@example.org@host/x',
    variable: 'IMAP_PASSWORD',
    value: 'p:w',
  },
  { url: 'ftp://u:%c3%a9%zz+@h/x', bare: 'ftp://u@h/x', variable: 'FTP_PASSWORD', value: 'é%zz+' },
])('$url goes as $bare', ({ url, bare, variable, value }) => {
  expect(withoutPassword(url)).toEqual({
    url: bare,
    credentials: { environment: new Map([[variable, value]]), files: new Map() },
  });
});

test.each([
  'file:///backups',
  'rsync://root@host:54321//backups/x',
  'sftp://host:22//a:b@c',
  'ftp://u:%00@h/x',
  'ftp://u:@h/x',
  's3://bucket/x',
  'not a url',
])('%s stays as it is', (url) => {
  expect(withoutPassword(url)).toEqual({ url, credentials: { environment: new Map(), files: new Map() } });
});

test('megatools read a login from a file, as GLib writes one', () => {
  expect(withoutPassword('mega://me%40example.org:a%5Cb%20c@mega.nz/x')).toEqual({
    url: 'mega://me%40example.org@mega.nz/x',
    credentials: {
      environment: new Map(),
      files: new Map([['MEGARC', '[Login]\nUsername = me@example.org\nPassword = a\\\\b\\sc\n']]),
    },
  });
});
