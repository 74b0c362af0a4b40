import { join } from 'node:path';
import type { FleetKey } from '../model/ports';
import { Secret } from '../model/secret';
import { fingerprintOf, lineOf, parsePublicKey } from './publickey';
import { makeKeyPair, publicHalf } from './sshkeygen';
import { assertPrivate, createOnce, privateFolder, readIfThere } from './statefile';

/** A key that is kept for good in a file of ours. */
export interface StoredKey extends FleetKey {
  readonly path: string;
}

/** Where keys live below the state directory, and where they pass through while they are made. */
export interface KeyFolders {
  readonly kept: string;
  readonly passing: string;
}

export function keyFoldersOf(stateDir: string): KeyFolders {
  return { kept: join(stateDir, 'keys'), passing: join(stateDir, 'keys', 'tmp') };
}

/**
 * The key of that name, made at the first call. Two processes that start at once end up with the same one. Rejects, in
 * words for a person, when the file is open to others or is not a key: a key that is there is never replaced.
 */
export async function loadOrMakeKey(folders: KeyFolders, name: string, comment: string): Promise<StoredKey> {
  privateFolder(folders.kept, 'the folder of our keys');
  const path = join(folders.kept, name);
  const isNew =
    readIfThere(path) === null && createOnce(path, (await makeKeyPair(folders.passing, comment)).privateKey, 0o600);
  assertPrivate(path, 'the private key');
  const derived = await publicHalf(path).catch((cause: unknown) => {
    throw new Error(
      `${path} is not a private key that can be read: put the right file back, or delete it for a new key`,
      {
        cause,
      },
    );
  });
  const key = parsePublicKey(derived);
  if (key === null) throw new Error(`ssh-keygen gave no public key for ${path}`);
  return {
    path,
    privateKey: new Secret(readIfThere(path) ?? ''),
    publicKey: `${lineOf(key)} ${comment}`,
    fingerprint: fingerprintOf(key),
    isNew,
  };
}
