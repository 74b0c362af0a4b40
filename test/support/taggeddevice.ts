import type { Device } from '../../src/model/device';
import { aDevice, tagsOf } from './desired';
import { settingsOf } from './settings';

const SECRETS = {
  CLI_API_KEY: 'marked-api-key',
  PASSPHRASE: 'marked-passphrase',
  FTP_PASSWORD: 'marked-ftp-password',
  IMAP_PASSWORD: 'marked-imap-password',
  AWS_SECRET_ACCESS_KEY: 'marked-aws-key',
  AWS_ACCESS_KEY_ID: 'marked-aws-id',
  BALENA_API_KEY: 'marked-device-key',
};
/** With passwords that can be told from all else. */
export const secretSettings = settingsOf({ environment: new Map(Object.entries(SECRETS)) });

/** A good value of each tag, beside which hostile ones are tried. */
export const GOOD_TAGS = {
  backupEnabled: 'true',
  backupUrl: 'rsync://root@host:54321//backups/$UUID',
  backupVolumes: 'data',
  backupSchedule: '0 0 * * *',
  backupTimezone: 'UTC',
  backupFullEvery: '30D',
  backupKeepFull: '3',
  backupBandwidth: '500K',
  backupRequest: '2026-11-25',
  backupAddress: '10.0.0.1',
} as const;
export const TAGS = Object.keys(GOOD_TAGS) as readonly (keyof typeof GOOD_TAGS)[];

export function enabledWith(tags: Readonly<Record<string, string>>, over: Partial<Device> = {}): Device {
  return aDevice({ tags: tagsOf({ backupEnabled: 'true', ...tags }), ...over });
}
