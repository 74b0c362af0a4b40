/** How one scheme is reached. */
export interface Backend {
  /** The spelling that is sent to Duplicity: one that 0.8 and 3.x both understand. */
  readonly sent: string;
  /** What the scheme is called here; spellings of the same thing share it. */
  readonly scheme: string;
  /** Equal for schemes that reach the same files, so that two devices cannot meet by different ways. */
  readonly family: string;
  readonly defaultPort: number | null;
  /** Credentials that Duplicity reads from its environment; a name that ends in `_` stands for all that begin so. */
  readonly variables: readonly string[];
  /** Those of them that are sent to the server that the URL names: whoever writes the URL chooses who gets them. */
  readonly passwords: readonly string[];
  readonly overSsh: boolean;
  readonly deviceLocal: boolean;
  /** `server`: a host, `bucket`: a name that stands where a host would, `none`: neither. */
  readonly authority: 'server' | 'bucket' | 'none';
}

const base: Omit<Backend, 'sent' | 'scheme' | 'family'> = {
  defaultPort: null,
  variables: [],
  passwords: [],
  overSsh: false,
  deviceLocal: false,
  authority: 'bucket',
};

function named(scheme: string, over: Partial<Backend> = {}): Backend {
  return { ...base, sent: scheme, scheme, family: scheme, ...over };
}

function server(scheme: string, defaultPort: number, over: Partial<Backend> = {}): Backend {
  return named(scheme, { authority: 'server', defaultPort, ...over });
}

const PASSWORD = { variables: ['FTP_PASSWORD'], passwords: ['FTP_PASSWORD'] };
const MAILBOX = { variables: ['IMAP_PASSWORD'], passwords: ['IMAP_PASSWORD'], family: 'imap' };
const sftp = server('sftp', 22, { ...PASSWORD, family: 'ssh', overSsh: true });
const ftp = server('ftp', 21, PASSWORD);
const ftps = server('ftps', 21, { ...PASSWORD, family: 'ftp' });
const webdav = server('webdav', 80, PASSWORD);
const webdavs = server('webdavs', 443, { ...PASSWORD, family: 'webdav' });
const s3 = named('s3', {
  sent: 'boto3+s3',
  variables: ['AWS_'],
});

/** An rsync daemon, `rsync://host::module`: its own protocol and password, not SSH. */
export const RSYNC_DAEMON: Backend = server('rsync', 873, { ...PASSWORD, family: 'rsyncd' });

/** Every scheme that can be used, old spellings included, by how a person writes it. */
export const BACKENDS: ReadonlyMap<string, Backend> = new Map([
  ['file', named('file', { deviceLocal: true, authority: 'none' })],
  ['rsync', server('rsync', 22, { family: 'ssh', overSsh: true })],
  ['sftp', sftp],
  ['scp', sftp],
  ['ssh', sftp],
  ['paramiko+sftp', sftp],
  ['paramiko+scp', sftp],
  ['ftp', ftp],
  ['lftp+ftp', ftp],
  ['ftps', ftps],
  ['lftp+ftps', ftps],
  ['webdav', webdav],
  ['webdavs', webdavs],
  ['s3', s3],
  ['boto3+s3', s3],
  ['gs', named('gs', { variables: ['GS_'] })],
  ['azure', named('azure', { variables: ['AZURE_'] })],
  ['b2', named('b2', PASSWORD)],
  ['swift', named('swift', { variables: ['SWIFT_'] })],
  ['pca', named('pca', { variables: ['PCA_'] })],
  ['imap', server('imap', 143, MAILBOX)],
  ['imaps', server('imaps', 993, MAILBOX)],
  ['rclone', named('rclone', { variables: ['RCLONE_'], authority: 'none' })],
  ['dpbx', named('dpbx', { variables: ['DPBX_'], authority: 'none' })],
  ['onedrive', named('onedrive', { variables: ['OAUTH2_'], authority: 'none' })],
  ['gdrive', named('gdrive', { variables: ['GOOGLE_'] })],
  ['pydrive', named('pydrive', { variables: ['GOOGLE_'] })],
  ['mega', named('mega', PASSWORD)],
]);

const RCLONE = 'use rclone://, which reaches most services';

/** Schemes that cannot work, by name: why, and what to use instead. */
export const DEAD_SCHEMES: ReadonlyMap<string, string> = new Map([
  ['cf+http', `cloudfiles needs pyrax, which is no longer made; use swift:// or ${RCLONE}`],
  ['cf+https', `cloudfiles needs pyrax, which is no longer made; use swift:// or ${RCLONE}`],
  ['cf+hubic', `hubiC has been shut down; ${RCLONE}`],
  ['hubic', `hubiC has been shut down; ${RCLONE}`],
  ['gdocs', 'it needs a library that no image has; use gdrive:// or rclone://'],
  ['mf', `MediaFire's library is no longer made; ${RCLONE}`],
  ['hsi', `it needs the hsi program, which no image has; ${RCLONE}`],
  ['tahoe', `it needs a Tahoe node on the device; ${RCLONE}`],
  ['u1', `Ubuntu One has been shut down; ${RCLONE}`],
  ['copy', `Copy.com has been shut down; ${RCLONE}`],
  ['acd', `Amazon Drive has been shut down; use s3:// or ${RCLONE}`],
  ['ad', `Amazon Drive has been shut down; use s3:// or ${RCLONE}`],
  ['megav2', `it needs MEGAcmd, which no image has; use mega:// or ${RCLONE}`],
  ['megav3', `it needs MEGAcmd, which no image has; use mega:// or ${RCLONE}`],
  [
    's3+http',
    'it belongs to boto 2, which is gone; use s3://BUCKET/PATH, with --s3-endpoint-url= for a server of your own',
  ],
  [
    'boto+s3',
    'it belongs to boto 2, which is gone; use s3://BUCKET/PATH, with --s3-endpoint-url= for a server of your own',
  ],
  ['ncftp+ftp', 'ncftp fails where the directory is new; use ftp://'],
  ['pexpect+sftp', 'it needs a terminal, which a run has not; use sftp://'],
  ['pexpect+scp', 'it needs a terminal, which a run has not; use sftp://'],
  ['multi', 'it reads a file that a run has not; use one URL'],
  ['ftpes', 'Duplicity does not know it; use ftps://'],
  ['http', 'a web address is no place for backups; use webdav://, or s3:// with --s3-endpoint-url='],
  ['https', 'a web address is no place for backups; use webdavs://, or s3:// with --s3-endpoint-url='],
  ['dav', 'Duplicity calls it webdav://'],
  ['davs', 'Duplicity calls it webdavs://'],
]);

/** Whether the variable is one that Duplicity, or a library of it, reads its credentials from. */
export function isBackendCredential(name: string): boolean {
  if (LIBRARY_PREFIXES.some((prefix) => name.startsWith(prefix))) return true;
  for (const backend of BACKENDS.values()) if (isReadBy(backend, name)) return true;
  return false;
}

const LIBRARY_PREFIXES = ['CLOUDFILES_', 'OS_', 'BOTO_', 'GPG_', 'SIGN_PASSPHRASE', 'FTP_PASSWORD', 'IMAP_PASSWORD'];

/** Whether this scheme's backend reads the variable. */
export function isReadBy(backend: Backend, name: string): boolean {
  return backend.variables.some((variable) => (variable.endsWith('_') ? name.startsWith(variable) : name === variable));
}

/** The variables of the orchestrator that the run container gets for a target: names to values. */
export function credentialsFor(
  target: { readonly variables: readonly string[] },
  environment: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  return new Map(target.variables.map((name) => [name, environment.get(name) ?? '']));
}
