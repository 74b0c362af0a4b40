import { isLeft } from 'fp-ts/Either';
import { variablesFor } from '../../src/model/needs';
import { parseUrl } from '../../src/model/url';

interface Row {
  readonly name: string;
  readonly url: string;
  readonly environment: Readonly<Record<string, string>>;
  /** False where the URL names a server that the operator did not. */
  readonly isHome?: boolean;
  readonly is: readonly string[] | string;
}

function needed({ url, environment, isHome = true }: Row): readonly string[] | string {
  const parts = parseUrl(url);
  if (isLeft(parts)) throw new Error(parts.left);
  const variables = variablesFor(parts.right, { environment: new Map(Object.entries(environment)), isHome });
  return isLeft(variables) ? variables.left : variables.right;
}

const withheld =
  'FTP_PASSWORD is only sent to the server of BACKUP_URL, and this is another; put the server into BACKUP_URL, or a password of its own into the URL by a variable';
const files = 'the path of a file that holds it';

const rows: readonly Row[] = [
  {
    name: 'only what the scheme reads and what is set',
    url: 's3://bucket',
    environment: {
      AWS_SECRET_ACCESS_KEY: 'b',
      AWS_ACCESS_KEY_ID: 'a',
      FTP_PASSWORD: 'x',
      AWS_SESSION_TOKEN: '',
      HOME: '/',
    },
    is: ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'],
  },
  { name: 'the password at home', url: 'ftp://u@h/x', environment: { FTP_PASSWORD: 'x' }, is: ['FTP_PASSWORD'] },
  {
    name: 'the password elsewhere',
    url: 'ftp://u@h/x',
    environment: { FTP_PASSWORD: 'x' },
    isHome: false,
    is: withheld,
  },
  {
    name: 'a password of its own elsewhere',
    url: 'ftp://u:p@h/x',
    environment: { FTP_PASSWORD: 'x' },
    isHome: false,
    is: [],
  },
  {
    name: 'nobody to log in as elsewhere',
    url: 'ftp://h/x',
    environment: { FTP_PASSWORD: 'x' },
    isHome: false,
    is: [],
  },
  {
    name: 'no password known elsewhere',
    url: 'ftp://u@h/x',
    environment: {},
    isHome: false,
    is: `ftp:// needs a password; set FTP_PASSWORD on the orchestrator (or FTP_PASSWORD_FILE, ${files}), or write it into the URL by a variable of your own`,
  },
  {
    name: 'a login without its user',
    url: 'imap://h/b',
    environment: { IMAP_PASSWORD: 'x' },
    is: 'imap:// needs a user before the @, for example imap://USER@HOST/$UUID',
  },
  {
    name: 'one half of a pair, and what would do instead',
    url: 's3://bucket',
    environment: { AWS_SECRET_ACCESS_KEY: 'x' },
    is: `s3:// needs AWS_ACCESS_KEY_ID, or else AWS_SHARED_CREDENTIALS; set AWS_ACCESS_KEY_ID on the orchestrator (or AWS_ACCESS_KEY_ID_FILE, ${files})`,
  },
  {
    name: 'nothing of a pair',
    url: 's3://bucket',
    environment: { AWS_SECRET_ACCESS_KEY: '' },
    is: `s3:// needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or else AWS_SHARED_CREDENTIALS; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY on the orchestrator (or AWS_ACCESS_KEY_ID_FILE, AWS_SECRET_ACCESS_KEY_FILE, ${files})`,
  },
  {
    name: 'the other of two ways',
    url: 's3://bucket',
    environment: { AWS_SHARED_CREDENTIALS: 'x' },
    is: ['AWS_SHARED_CREDENTIALS'],
  },
  {
    name: 'a remote under its own name',
    url: 'rclone://my-box.1:a:b',
    environment: { RCLONE_CONFIG_OTHER_TYPE: 'x' },
    is: `rclone:// needs RCLONE_CONFIG_MY_BOX_1_TYPE, or else RCLONE_CONFIG; set RCLONE_CONFIG_MY_BOX_1_TYPE on the orchestrator (or RCLONE_CONFIG_MY_BOX_1_TYPE_FILE, ${files})`,
  },
  {
    name: 'all variables of the remotes, but no path of a file',
    url: 'rclone://box:a',
    environment: {
      RCLONE_CONFIG_BOX_TYPE: 'sftp',
      RCLONE_CONFIG_BOX_HOST: 'h',
      RCLONE_CONFIG_BOX_KEY_FILE: '/run/key',
    },
    is: ['RCLONE_CONFIG_BOX_HOST', 'RCLONE_CONFIG_BOX_TYPE'],
  },
  {
    name: 'no list of stores',
    url: 'multi:///x',
    environment: { MULTI_CONFIG: '[]' },
    is: 'MULTI_CONFIG is not a list of stores; write [{"url": "...", "env": [{"name": "...", "value": "..."}]}, ...]',
  },
  {
    name: 'a list of stores',
    url: 'multi:///x',
    environment: { MULTI_CONFIG: '[{"url":"s3://b"}]' },
    is: ['MULTI_CONFIG'],
  },
  { name: 'nothing', url: 'file:///backups', environment: { FTP_PASSWORD: 'x', MULTI_CONFIG: 'x' }, is: [] },
];

describe('what a run gets of the environment', () => {
  it.each(rows)('$url with $name', (row) => {
    expect(needed(row)).toEqual(row.is);
  });
});
