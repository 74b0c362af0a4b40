import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SshCredential } from '../model/ports';

/** Memory rather than a disk, where there is any. */
const MEMORY = '/dev/shm';

/** Options for OpenSSH's own programs, which know certificates, and the environment to start them with. */
export interface Login {
  readonly options: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Puts a credential where ssh and sftp can read it for as long as `use` takes. */
export async function withLogin<T>(credential: SshCredential, use: (login: Login) => Promise<T>): Promise<T> {
  const scratch = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'balena-backup-'));
  const file = (name: string, text: string): string => {
    writeFileSync(join(scratch, name), text, { mode: 0o600 });
    return join(scratch, name);
  };
  try {
    file('key-cert.pub', credential.certificate ?? '');
    const settings = [
      'BatchMode=yes',
      'StrictHostKeyChecking=yes',
      `UserKnownHostsFile=${file('known_hosts', credential.knownHosts)}`,
      'GlobalKnownHostsFile=/dev/null',
      `IdentityFile=${file('key', credential.privateKey.reveal())}`,
      'IdentitiesOnly=yes',
      'ConnectTimeout=15',
      'LogLevel=ERROR',
    ];
    const options = ['-F', '/dev/null', ...settings.flatMap((setting) => ['-o', setting])];
    return await use({ options, env: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C' } });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** What a program of OpenSSH's said last, as a failure may show it. */
export function lastWords(said: string): string {
  const words = said.trim().split('\n').slice(-2).join(' ');
  return words.replace(/[^\x20-\x7e]/g, ' ').slice(0, 300);
}
