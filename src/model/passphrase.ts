import { createHmac } from 'node:crypto';
import type { DeviceUuid } from './brand';
import { Secret } from './secret';
import type { Settings } from './settings';

/**
 * What a device's snapshots are encrypted with: the master passphrase, or with `per-device` 64 hexadecimal digits of
 * HMAC-SHA256 that a stolen device gives nobody else's by.
 */
export function passphraseOf(settings: Pick<Settings, 'passphrase' | 'passphraseMode'>, device: DeviceUuid): Secret {
  if (settings.passphraseMode === 'shared') return settings.passphrase;
  const derived = createHmac('sha256', settings.passphrase.reveal())
    .update(`balena-backup device ${device}`)
    .digest('hex');
  return new Secret(derived);
}
