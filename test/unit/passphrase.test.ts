import { passphraseOf } from '../../src/model/passphrase';
import { Secret } from '../../src/model/secret';
import { aUuid } from '../support/desired';

const passphrase = new Secret('correct horse battery staple');

test('devices share the passphrase unless told otherwise', () => {
  expect(passphraseOf({ passphrase, passphraseMode: 'shared' }, aUuid(7))).toBe(passphrase);
});

test("a device's own passphrase is HKDF-SHA256, as openssl derives it", () => {
  // openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt key:PASSPHRASE -kdfopt salt:balena-backup -kdfopt info:"device UUID" HKDF
  expect(passphraseOf({ passphrase, passphraseMode: 'per-device' }, aUuid(7)).reveal()).toBe(
    '581ef579d41e264efc092263fd0086d3d0e0d7efcb4b71b3b66286456d26b540',
  );
});

test('no two devices have the same', () => {
  const own = [1, 2].map((n) => passphraseOf({ passphrase, passphraseMode: 'per-device' }, aUuid(n)).reveal());

  expect(own[0]).not.toBe(own[1]);
});
