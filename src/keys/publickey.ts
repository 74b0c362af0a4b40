import { createHash } from 'node:crypto';

/** A public key as OpenSSH writes it, without its comment. */
export interface PublicKey {
  readonly type: string;
  readonly base64: string;
}

/** The type that the key's own bytes state: a length of four bytes, then the name. */
function statedType(blob: Buffer): string | null {
  if (blob.length < 4) return null;
  const end = 4 + blob.readUInt32BE(0);
  return end < blob.length ? blob.toString('latin1', 4, end) : null;
}

/** Reads `type base64 [comment]`; null when it is no such line or the bytes are of another type than it says. */
export function parsePublicKey(line: string): PublicKey | null {
  const [type, base64] = line.trim().split(/\s+/);
  if (type === undefined || base64 === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return null;
  return statedType(Buffer.from(base64, 'base64')) === type ? { type, base64 } : null;
}

/** `type base64`. */
export function lineOf(key: PublicKey): string {
  return `${key.type} ${key.base64}`;
}

/** As `ssh-keygen -l` shows it: `SHA256:...`. */
export function fingerprintOf(key: PublicKey): string {
  const digest = createHash('sha256').update(Buffer.from(key.base64, 'base64')).digest('base64');
  return `SHA256:${digest.replace(/=+$/, '')}`;
}
