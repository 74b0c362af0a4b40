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

/** How often GnuPG stretches what devices encrypt with, as an S2K count: as often as it can, unless the master cannot be guessed. */
export function stretchOf(master: Secret): number {
  return isMachineMade(master) ? 65_536 : 65_011_712;
}

/**
 * Whether a passphrase is surely a machine's: nobody makes up, or remembers, 32 characters that mix digits, upper and lower
 * case (or hexadecimal digits and letters) without a word in them. A person's own may fail this; that costs time alone.
 */
export function isMachineMade(passphrase: Secret): boolean {
  const text = passphrase.reveal();
  const count = (pattern: RegExp): number => text.match(pattern)?.length ?? 0;
  if (text.length < 32 || new Set(text).size < 10 || /[a-z]{5}/.test(text)) return false;
  if (/^[0-9a-f]+$/i.test(text)) return count(/\d/g) >= 8 && count(/[a-f]/gi) >= 4;
  return /^[A-Za-z0-9+/=_-]+$/.test(text) && count(/\d/g) >= 2 && count(/[a-z]/g) >= 6 && count(/[A-Z]/g) >= 6;
}
