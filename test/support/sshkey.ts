import { readFileSync } from 'node:fs';
import { runProgram } from '../lab/process';

export interface SshKey {
  readonly privateKey: string;
  /** `type base64`. */
  readonly publicKey: string;
}

/** A new key, in that file and beside it. */
export async function newSshKey(file: string): Promise<SshKey> {
  await runProgram('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', file]);
  const publicKey = readFileSync(`${file}.pub`, 'utf8').trim().split(' ').slice(0, 2).join(' ');
  return { privateKey: readFileSync(file, 'utf8'), publicKey };
}
