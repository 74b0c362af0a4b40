const RCLONE = 'use rclone://, which reaches most services';
const CLOUDFILES = `cloudfiles needs pyrax, which is no longer made; use swift:// or ${RCLONE}`;
const MEGACMD = `it needs MEGAcmd, which Debian does not carry; use mega:// or ${RCLONE}`;

/** Schemes that cannot work, by name: why, and what to use instead. */
export const GONE_SCHEMES: ReadonlyMap<string, string> = new Map([
  ['cf+http', CLOUDFILES],
  ['cf+https', CLOUDFILES],
  ['cf+hubic', `hubiC has been shut down; ${RCLONE}`],
  ['hubic', `hubiC has been shut down; ${RCLONE}`],
  [
    'gs',
    'it belongs to boto 2, which is gone; use s3:// with --s3-endpoint-url=https://storage.googleapis.com and an HMAC key',
  ],
  ['mf', `MediaFire's library is no longer made; ${RCLONE}`],
  ['hsi', `it needs the hsi program of HPSS, which no image has; ${RCLONE}`],
  ['tahoe', `it needs a Tahoe node that runs on the device beside Duplicity; ${RCLONE}`],
  ['u1', `Ubuntu One has been shut down; ${RCLONE}`],
  ['copy', `Copy.com has been shut down; ${RCLONE}`],
  ['acd', `Amazon Drive has been shut down; use s3:// or ${RCLONE}`],
  ['ad', `Amazon Drive has been shut down; use s3:// or ${RCLONE}`],
  ['megav2', MEGACMD],
  ['megav3', MEGACMD],
  ['gdata+gdocs', 'it belongs to a Google API that has been shut down; use gdrive:// or rclone://'],
  ['dav', 'Duplicity calls it webdav://'],
  ['davs', 'Duplicity calls it webdavs://'],
]);
