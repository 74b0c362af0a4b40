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
  expect(withoutPassword(url)).toEqual({ url: bare, password: { variable, value } });
});

test.each([
  'file:///backups',
  'rsync://root@host:54321//backups/x',
  'sftp://host:22//a:b@c',
  'mega://u:p@mega.co.nz/x',
  'ftp://u:%00@h/x',
  'ftp://u:@h/x',
  's3://bucket/x',
  'not a url',
])('%s stays as it is', (url) => {
  expect(withoutPassword(url)).toEqual({ url, password: null });
});
