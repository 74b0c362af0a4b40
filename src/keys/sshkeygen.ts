import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isMissing, privateFolder } from './statefile';

const LIMIT_MS = 60_000;
const LEFTOVER_MS = 3_600_000;

/** A fresh key: the OpenSSH text of the private half, and the public half as one line. */
export interface KeyPair {
  readonly privateKey: string;
  readonly publicKey: string;
}

/** What a certificate permits: nothing but `command`, as root, until `validForSeconds` from now. */
export interface CertificateRequest {
  readonly identity: string;
  readonly command: string;
  readonly validForSeconds: number;
}

/** The tool's own environment is empty but for the path: what we hold in ours is none of its business. */
function sshKeygen(parameters: readonly string[]): Promise<string> {
  const options = { timeout: LIMIT_MS, env: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C' } };
  return new Promise((resolve, reject) => {
    const child = execFile('ssh-keygen', [...parameters], options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if (isMissing(error))
        reject(new Error('ssh-keygen was not found: install openssh-client', { cause: error }));
      else reject(new Error(`ssh-keygen failed: ${stderr.trim().split('\n').at(-1) ?? ''}`, { cause: error }));
    });
    child.stdin?.end();
  });
}

/** What a process of ours that was killed left behind; younger folders may be in use by another one. */
function dropLeftovers(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const changedMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
    if (changedMs < Date.now() - LEFTOVER_MS) rmSync(path, { recursive: true, force: true });
  }
}

/** Private keys are on disk only in here, in a folder of their own that is gone afterwards whatever happens. */
async function inScratch<T>(folder: string, use: (scratch: string) => Promise<T>): Promise<T> {
  privateFolder(folder, 'the folder for passing keys');
  dropLeftovers(folder);
  const scratch = mkdtempSync(join(folder, 'key-'));
  try {
    return await use(scratch);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function makeIn(scratch: string, comment: string): Promise<string> {
  return sshKeygen(['-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', join(scratch, 'key')]);
}

function pairIn(scratch: string): KeyPair {
  return {
    privateKey: readFileSync(join(scratch, 'key'), 'utf8'),
    publicKey: readFileSync(join(scratch, 'key.pub'), 'utf8').trim(),
  };
}

/** A new ed25519 key. Rejects when ssh-keygen cannot make one. */
export function makeKeyPair(folder: string, comment: string): Promise<KeyPair> {
  return inScratch(folder, async (scratch) => {
    await makeIn(scratch, comment);
    return pairIn(scratch);
  });
}

/** The public line of a private key file. Rejects when it is not a key, or has a passphrase. */
export async function publicHalf(privateKeyPath: string): Promise<string> {
  return (await sshKeygen(['-y', '-P', '', '-f', privateKeyPath])).trim();
}

/** A throw-away key with a certificate signed by the CA, valid from 5 minutes ago for clocks that are a little behind. */
export function makeCertified(
  folder: string,
  caPath: string,
  request: CertificateRequest,
): Promise<KeyPair & { readonly certificate: string }> {
  return inScratch(folder, async (scratch) => {
    await makeIn(scratch, 'throw-away');
    const valid = `-5m:+${String(request.validForSeconds)}s`;
    const limits = ['-n', 'root', '-V', valid, '-O', 'clear', '-O', `force-command=${request.command}`];
    await sshKeygen(['-q', '-s', caPath, '-I', request.identity, ...limits, join(scratch, 'key.pub')]);
    return { ...pairIn(scratch), certificate: readFileSync(join(scratch, 'key-cert.pub'), 'utf8').trim() };
  });
}
