import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { left, right, type Either } from 'fp-ts/Either';
import { hostName } from './knownhosts';
import { lineOf, parsePublicKey } from './publickey';
import { readIfThere, writeAtomically } from './statefile';

/** Where the collector publishes its host key in the shared volume. */
const HOST_KEY_FILE = 'collector_host_key.pub';
const CA_FILE = 'ca.pub';

/** Makes the public half of the CA readable for the collector; writes only when it is not what is there. */
export function publishCa(keysDir: string, publicKey: string): void {
  const path = join(keysDir, CA_FILE);
  const text = `${publicKey}\n`;
  mkdirSync(keysDir, { recursive: true, mode: 0o755 });
  if (readIfThere(path) !== text) writeAtomically(path, text, 0o644);
}

/** known_hosts lines for the collector at `host:port`, from its published key or the variable; left says what to do. */
export function collectorKnownHosts(
  place: { readonly keysDir: string; readonly collectorHostKey: string | null },
  host: string,
  port: number,
): Either<string, string> {
  const path = join(place.keysDir, HOST_KEY_FILE);
  const text = place.collectorHostKey ?? readIfThere(path);
  const from = place.collectorHostKey === null ? path : 'COLLECTOR_HOST_KEY';
  const name = hostName(host, port);
  if (text === null) {
    return left(
      `the host key of the collector is not known: ${path} is not there yet; start the collector with the same volume, or set COLLECTOR_HOST_KEY. If ${name} is not the collector, give BACKUP_SSH_KEY and a line for ${name} in BACKUP_SSH_KNOWN_HOSTS`,
    );
  }
  const keys = text.split('\n').flatMap((line) => {
    const key = parsePublicKey(line);
    return key === null ? [] : [`${name} ${lineOf(key)}\n`];
  });
  if (keys.length === 0) return left(`${from} holds no public key: it must be a line like "ssh-ed25519 AAAA..."`);
  return right(keys.join(''));
}
