/** How a scheme was tried last, and when: a round trip is full, incremental, restore on another device, compared by byte. */
export interface Trial {
  readonly date: string;
  readonly how: string;
}

const DATE = '2026-11-26';
/** By the script that a run is, in Debian trixie with Duplicity 3.0.4: what a device does, without its engine. */
const script = (server: string): Trial => ({
  date: DATE,
  how: `full, incremental, full with one chain kept, against ${server}; restored from an empty cache by plain Duplicity`,
});
const NO_SERVER = 'its modules are loaded, and each variable that it needs is asked for; there is no server to be had';
const loaded: Trial = { date: DATE, how: NO_SERVER };
const NO_DELETING = 'Duplicity 3.0.4 deletes nothing there, which a run with `backupKeepFull` says';

/** By scheme. What is not here has not been tried. */
export const TRIALS: Readonly<Record<string, Trial>> = {
  file: { date: DATE, how: 'on devices of the lab: full, incremental, retention, restored byte for byte' },
  rsync: {
    date: DATE,
    how: 'on devices of the lab against the collector, restored byte for byte; with a key of the own against OpenSSH, as below',
  },
  'rsync (daemon)': script('rsync 3.4'),
  sftp: {
    date: DATE,
    how: 'on devices of the lab against the collector, restored byte for byte; with a key of the own against OpenSSH, as below',
  },
  ftp: script('vsftpd'),
  ftps: script('vsftpd, implicit TLS'),
  ftpes: script('vsftpd, explicit TLS'),
  webdav: script('Apache (lighttpd 1.4.79 wants `--webdav-headers="Content-Type: text/xml"`)'),
  webdavs: script('Apache'),
  s3: script('s3rver'),
  azure: script('Azurite'),
  swift: script(`Swift with its own login (TempAuth): ${NO_DELETING}`),
  imap: script(`Dovecot: ${NO_DELETING}`),
  imaps: script(`Dovecot: ${NO_DELETING}`),
  rclone: script('an sftp remote by RCLONE_CONFIG and an S3 remote by variables'),
  multi: script('Apache (webdav) and vsftpd (ftp), mirrored'),
  pca: { date: DATE, how: "full and incremental against Swift; its restore needs an answer that only OVH's gives" },
  b2: loaded,
  dpbx: loaded,
  gdrive: loaded,
  onedrive: loaded,
  mega: loaded,
};
