import { hkdfSync } from 'node:crypto';
import type { DeviceUuid } from './brand';
import { Secret } from './secret';
import type { Settings } from './settings';

const SALT = 'balena-backup';

/**
 * What a device's snapshots are encrypted with: the master passphrase, or with `per-device` 64 hexadecimal digits of
 * HKDF-SHA256 (RFC 5869) from it and the device's UUID: who has one device's can read no other's, unless the master
 * passphrase itself can be guessed. `docs/recovery.md` derives it without this program.
 */
export function passphraseOf(settings: Pick<Settings, 'passphrase' | 'passphraseMode'>, device: DeviceUuid): Secret {
  if (settings.passphraseMode === 'shared') return settings.passphrase;
  const derived = hkdfSync('sha256', settings.passphrase.reveal(), SALT, `device ${device}`, 32);
  return new Secret(Buffer.from(derived).toString('hex'));
}
