/** How a scheme was tried last, and when: a round trip is full, incremental, restore on another device, compared by byte. */
export interface Trial {
  readonly date: string;
  readonly how: string;
}

const DATE = '2026-11-26';
/** By `npm run test:backends`: a controller, two devices of the lab, Duplicity 3.0.4 of Debian trixie. */
const roundTrip = (server: string): Trial => ({
  date: DATE,
  how: `full and incremental on a device of the lab, against ${server}; restored on another device by plain Duplicity, compared byte for byte`,
});
/** Where no server is to be had: HTTP as the service speaks it, and as strict, in test/support/standins. */
const standIn = (service: string): Trial => roundTrip(`a stand-in of its HTTP service (${service})`);
const NO_DELETING = 'Duplicity 3.0.4 deletes nothing there, which a run with `backupKeepFull` says';

/** By scheme. What is not here has not been tried. */
export const TRIALS: Readonly<Record<string, Trial>> = {
  file: { date: DATE, how: 'on devices of the lab: full, incremental, retention, restored byte for byte' },
  rsync: {
    date: DATE,
    how: "on devices of the lab against the collector, restored byte for byte; and with a key of the user's own against OpenSSH, restored on another device",
  },
  'rsync (daemon)': roundTrip("rsync's own daemon"),
  sftp: {
    date: DATE,
    how: "on devices of the lab against the collector, restored byte for byte; and with a key of the user's own against OpenSSH, restored on another device",
  },
  ftp: roundTrip('vsftpd'),
  ftps: roundTrip('vsftpd, implicit TLS'),
  ftpes: roundTrip('vsftpd, explicit TLS'),
  webdav: roundTrip('Apache (lighttpd 1.4.79 wants `--webdav-headers="Content-Type: text/xml"`)'),
  webdavs: roundTrip('Apache'),
  s3: roundTrip('s3rver'),
  azure: roundTrip('Azurite'),
  swift: roundTrip(`Swift with its own login (TempAuth): ${NO_DELETING}`),
  imap: roundTrip(`Dovecot: ${NO_DELETING}`),
  imaps: roundTrip(`Dovecot: ${NO_DELETING}`),
  rclone: roundTrip('an sftp remote by RCLONE_CONFIG and an S3 remote by variables'),
  multi: roundTrip('Apache (webdav) and vsftpd (ftp), mirrored'),
  pca: { date: DATE, how: "full and incremental against Swift; its restore needs an answer that only OVH's gives" },
  b2: standIn("B2's native API, version 3"),
  dpbx: standIn("Dropbox's API, version 2"),
  gdrive: standIn("Google Drive's API, version 3, a shared drive and a service account"),
  onedrive: standIn('Microsoft Graph 1.0 and its login'),
  mega: {
    date: DATE,
    how: 'its programs are loaded, and a password in the URL is asked for; there is no server to be had, and no stand-in: what megatools and the service say to each other goes by keys of the account, and how is published as the source of an SDK alone',
  },
};
