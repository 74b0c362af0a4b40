import { isMachineMade, passphraseOf } from '../../src/model/passphrase';
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

describe('a passphrase that is surely a machine’s', () => {
  test.each([
    { name: '32 hexadecimal digits', text: '0123456789ab0cdef012345a789b0cDE' },
    { name: 'the 64 of a device', text: '581ef579d41e264efc092263fd0086d3d0e0d7efcb4b71b3b66286456d26b540' },
    { name: 'as few letters among hexadecimal digits as can be', text: '0123456789012345678901234567aBcD' },
    { name: 'as few letters and digits as can be', text: 'aB1cD2eF+gH/iJ=kL+/=-_+/=-_+/=-_' },
    { name: 'base64', text: 'qL7Zs0VtX2cB9dRkWf4JmYhP+aE/nGu=' },
    { name: 'base64 for URLs', text: 'qL7Zs0VtX2cB9dRkWf4JmYhP-aE_nGuT' },
  ])('$name', ({ text }) => {
    expect(isMachineMade(new Secret(text))).toBe(true);
  });

  test.each([
    { name: 'one character less', text: '0123456789ab0cdef012345a789b0cD' },
    { name: 'few different characters', text: 'aAbB0011aAbB0011aAbB0011aAbB0011' },
    { name: 'a word in it', text: 'horse7ZsVtX2cB9dRkWf4JmYhPaEnGuT' },
    { name: 'hexadecimal digits with too few digits', text: 'abcdABCDefEFabcdABCD1234567efEFab' },
    { name: 'digits with hardly a letter', text: '0123456789012345678901234567abc9' },
    { name: 'other signs', text: 'qL7Zs0VtX2cB9dRkWf4JmYhP aEnGuTx' },
    { name: 'no lower case', text: 'QL7ZS0VTX2CB9DRK4WF4JMY0HP9AEN3G' },
    { name: 'no upper case', text: 'ql7zs0vtx2cb9drk4wf4jmy0hp9aen3g' },
    { name: 'one digit alone', text: 'qLxZsyVtXzcBudRkWfoJmYhPaE7nGuTv' },
    { name: 'a sentence', text: 'correct horse battery staple and so on' },
  ])('is not made of $name', ({ text }) => {
    expect(isMachineMade(new Secret(text))).toBe(false);
  });
});
