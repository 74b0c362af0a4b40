import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const SCRIPT = join(__dirname, '..', '..', 'src', 'executors', 'device', 'passphrase.sh');

test.each([
  { name: 'opens it', gpg: 'echo balena-backup', says: 'former\n' },
  {
    name: 'opens it on a full disk, where GnuPG finds no room for a lock',
    gpg: 'echo balena-backup; return 2',
    says: 'former\n',
  },
  { name: 'does not open it', gpg: 'return 2', says: 'another\n' },
])('a passphrase is the former one if it opens what that one closed: GnuPG $name', ({ gpg, says }) => {
  const around = `
STORE=store PASSPHRASE=secret
. "${SCRIPT}"
quietly() { "$@" >/dev/null 2>&1; }
gpg() { ${gpg}; }
if opens_fingerprint; then echo former; else echo another; fi
`;

  expect(spawnSync('sh', ['-c', around], { encoding: 'utf8' }).stdout).toBe(says);
});
