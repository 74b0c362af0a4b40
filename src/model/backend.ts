/** How one scheme is reached, and what for. */
export interface Backend {
  /** What the scheme is called here; spellings of the same thing share it. */
  readonly scheme: string;
  /** The spelling that is sent to Duplicity: one that 0.8 and 3.x both understand. */
  readonly sent: string;
  /** Equal for schemes that reach the same files, so that two devices cannot meet by different ways. */
  readonly family: string;
  readonly defaultPort: number | null;
  /** A URL that a person may start from. */
  readonly example: string;
  /**
   * Sets of variables of which one must be known as a whole; none is needed where there is no set. `*` stands for the
   * remote that the URL names.
   */
  readonly needs: readonly (readonly string[])[];
  /** What Duplicity or its library reads besides; a name that ends in `_` stands for all that begin so. */
  readonly takes: readonly string[];
  /**
   * Those that are sent to the server that the URL names: whoever writes the URL chooses who gets them. Without any, the
   * password of a login is read from the URL alone.
   */
  readonly passwords: readonly string[];
  /** `needed`: a user and a password, `optional`: a password where there is a user, `none`: by other means. */
  readonly login: 'needed' | 'optional' | 'none';
  readonly overSsh: boolean;
  readonly deviceLocal: boolean;
  /** `server`: a host, `bucket`: a name that stands where a host would, `remote`: `NAME:path`, `none`: a path alone. */
  readonly authority: 'server' | 'bucket' | 'remote' | 'none';
  /** False where there is no folder below the bucket. */
  readonly folders: boolean;
  /** False where no path may end in a slash: it is left out, and slashes alone are no folder. */
  readonly endingSlash: boolean;
  /** Names that may stand behind a `?`. */
  readonly query: readonly string[];
  /** Whether one of them must. */
  readonly queryNeeded: boolean;
  /** Ports that Duplicity goes to whatever the URL says. */
  readonly fixedPort: boolean;
  /** Which of our images has what it needs; `own`: none, Debian lacks it. */
  readonly image: 'small' | 'full' | 'own';
  /** What the image must have: Python modules and programs. */
  readonly modules: readonly string[];
  readonly programs: readonly string[];
}

/** What a run's image must have for its target. */
export type ImageNeeds = Pick<Backend, 'image' | 'modules' | 'programs'>;

const base: Omit<Backend, 'sent' | 'scheme' | 'family' | 'example'> = {
  defaultPort: null,
  needs: [],
  takes: [],
  passwords: [],
  login: 'none',
  overSsh: false,
  deviceLocal: false,
  authority: 'bucket',
  folders: true,
  endingSlash: true,
  query: [],
  queryNeeded: false,
  fixedPort: false,
  image: 'full',
  modules: [],
  programs: [],
};

function named(scheme: string, example: string, over: Partial<Backend> = {}): Backend {
  return { ...base, sent: scheme, scheme, family: scheme, example, ...over };
}

function server(scheme: string, defaultPort: number, example: string, over: Partial<Backend> = {}): Backend {
  return named(scheme, example, { authority: 'server', defaultPort, ...over });
}

const PASSWORD: Partial<Backend> = { takes: ['FTP_PASSWORD'], passwords: ['FTP_PASSWORD'], login: 'optional' };
const OVER_SSH: Partial<Backend> = { family: 'ssh', overSsh: true, image: 'small' };
const MAILBOX: Partial<Backend> = {
  takes: ['IMAP_PASSWORD'],
  passwords: ['IMAP_PASSWORD'],
  login: 'needed',
  family: 'imap',
  fixedPort: true,
  image: 'small',
};
const LFTP: Partial<Backend> = { ...PASSWORD, family: 'ftp', image: 'small', programs: ['lftp'] };
const WEBDAV: Partial<Backend> = { ...PASSWORD, family: 'webdav', image: 'small', modules: ['lxml', 'requests'] };
const SWIFT_MODULES = ['swiftclient', 'keystoneclient'];

const sftp = server('sftp', 22, 'sftp://root@HOST:54321//backups/$UUID', { ...OVER_SSH, modules: ['paramiko'] });
const ftp = server('ftp', 21, 'ftp://USER@HOST/backups/$UUID', LFTP);
const ftps = server('ftps', 990, 'ftps://USER@HOST/backups/$UUID', LFTP);
const ftpes = server('ftpes', 21, 'ftpes://USER@HOST/backups/$UUID', LFTP);
const webdav = server('webdav', 80, 'webdav://USER@HOST/backups/$UUID', WEBDAV);
const webdavs = server('webdavs', 443, 'webdavs://USER@HOST/backups/$UUID', WEBDAV);
const s3 = named('s3', 's3://BUCKET/$UUID --s3-endpoint-url=https://HOST', {
  sent: 'boto3+s3',
  needs: [['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'], ['AWS_SHARED_CREDENTIALS']],
  takes: ['AWS_SESSION_TOKEN', 'AWS_CONFIG', 'AWS_'],
  image: 'small',
  modules: ['boto3'],
});
const pydrive = named('pydrive', 'pydrive://ACCOUNT@HOST/backups/$UUID', {
  needs: [['GOOGLE_DRIVE_ACCOUNT_KEY']],
  image: 'own',
  modules: ['pydrive2'],
});

/** An rsync daemon, `rsync://host::module`: its own protocol and password, not SSH. */
export const RSYNC_DAEMON: Backend = server('rsync', 873, 'rsync://USER@HOST::MODULE/$UUID', {
  ...PASSWORD,
  family: 'rsyncd',
  image: 'small',
  programs: ['rsync'],
});

/** Every scheme that can be used, old spellings included, by how a person writes it. */
export const BACKENDS: ReadonlyMap<string, Backend> = new Map([
  ['file', named('file', 'file:///backups', { deviceLocal: true, authority: 'none', image: 'small' })],
  ['rsync', server('rsync', 22, 'rsync://root@HOST:54321//backups/$UUID', { ...OVER_SSH, programs: ['rsync', 'ssh'] })],
  ['sftp', sftp],
  ['scp', sftp],
  ['ssh', sftp],
  ['paramiko+sftp', sftp],
  ['paramiko+scp', sftp],
  ['pexpect+sftp', sftp],
  ['pexpect+scp', sftp],
  ['ftp', ftp],
  ['lftp+ftp', ftp],
  ['ncftp+ftp', ftp],
  ['ftps', ftps],
  ['lftp+ftps', ftps],
  ['ftpes', ftpes],
  ['lftp+ftpes', ftpes],
  ['webdav', webdav],
  ['http', webdav],
  ['webdavs', webdavs],
  ['https', webdavs],
  ['s3', s3],
  ['boto3+s3', s3],
  ['s3+http', s3],
  ['boto+s3', s3],
  [
    'azure',
    named('azure', 'azure://CONTAINER', {
      needs: [['AZURE_CONNECTION_STRING']],
      takes: ['AZURE_'],
      folders: false,
      modules: ['azure.storage.blob'],
    }),
  ],
  [
    'b2',
    named('b2', 'b2://KEY_ID@BUCKET/$UUID', {
      takes: ['FTP_PASSWORD'],
      passwords: ['FTP_PASSWORD'],
      login: 'needed',
      modules: ['b2sdk'],
    }),
  ],
  [
    'swift',
    named('swift', 'swift://CONTAINER/$UUID', {
      needs: [
        ['SWIFT_USERNAME', 'SWIFT_PASSWORD', 'SWIFT_AUTHURL'],
        ['SWIFT_PREAUTHURL', 'SWIFT_PREAUTHTOKEN'],
      ],
      takes: ['SWIFT_'],
      modules: SWIFT_MODULES,
    }),
  ],
  [
    'pca',
    named('pca', 'pca://CONTAINER', {
      needs: [
        ['PCA_USERNAME', 'PCA_PASSWORD', 'PCA_AUTHURL'],
        ['PCA_PREAUTHURL', 'PCA_PREAUTHTOKEN'],
      ],
      takes: ['PCA_'],
      folders: false,
      modules: SWIFT_MODULES,
    }),
  ],
  ['imap', server('imap', 143, 'imap://USER@HOST/$UUID', MAILBOX)],
  ['imaps', server('imaps', 993, 'imaps://USER@HOST/$UUID', MAILBOX)],
  [
    'rclone',
    named('rclone', 'rclone://REMOTE:backups/$UUID', {
      needs: [['RCLONE_CONFIG_*_TYPE'], ['RCLONE_CONFIG']],
      takes: ['RCLONE_'],
      authority: 'remote',
      programs: ['rclone'],
    }),
  ],
  [
    'dpbx',
    named('dpbx', 'dpbx:///backups/$UUID', {
      needs: [['DPBX_ACCESS_TOKEN']],
      authority: 'none',
      endingSlash: false,
      modules: ['dropbox'],
    }),
  ],
  [
    'onedrive',
    named('onedrive', 'onedrive://backups/$UUID', {
      needs: [['OAUTH2_CLIENT_ID', 'OAUTH2_REFRESH_TOKEN']],
      takes: ['DUPLICITY_ONEDRIVE_ROOT'],
      authority: 'none',
      endingSlash: false,
      modules: ['requests_oauthlib'],
    }),
  ],
  [
    'gdrive',
    named('gdrive', 'gdrive://SERVICE_ACCOUNT@PROJECT.iam.gserviceaccount.com/backups/$UUID?driveID=ID', {
      needs: [['GOOGLE_SERVICE_JSON']],
      query: ['driveID', 'myDriveFolderID'],
      queryNeeded: true,
      modules: ['googleapiclient', 'google_auth_oauthlib'],
    }),
  ],
  ['pydrive', pydrive],
  ['pydrive+gdocs', pydrive],
  ['gdocs', pydrive],
  [
    'mega',
    server('mega', 443, 'mega://USER:$MEGA_PASSWORD@mega.nz/backups/$UUID', {
      login: 'needed',
      programs: ['megals'],
    }),
  ],
  [
    'multi',
    named('multi', 'multi:///stores?mode=mirror&onfail=abort', {
      needs: [['MULTI_CONFIG']],
      authority: 'none',
      query: ['mode', 'onfail'],
    }),
  ],
]);
