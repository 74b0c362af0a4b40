import { createHash } from 'node:crypto';
import type { ServerHostKeyAlgorithm } from 'ssh2';
import type { Failure } from '../model/failure';

/** What a server must prove before anything is sent to it. */
export interface HostKeyRule {
  /** `host:port`, for people and for remembered keys. */
  readonly host: string;
  /** `type base64` that the server must have; null: any, see `trust`. */
  readonly expectedKey: string | null;
  /** Called with the server's key when none was expected, once the login has succeeded. */
  readonly trust: (key: string, fingerprint: string) => void;
}

/** Checks the key that one server shows in one handshake. */
export class HostKeyCheck {
  readonly #rule: HostKeyRule;
  #shown: Buffer | null = null;

  public constructor(rule: HostKeyRule) {
    this.#rule = rule;
  }

  /** Whether the login may go on with a server of this key. */
  public allows(blob: Buffer): boolean {
    this.#shown = blob;
    return this.mismatch() === null;
  }

  /** Why it may not, once it was shown. */
  public mismatch(): Failure | null {
    const { host, expectedKey } = this.#rule;
    if (this.#shown === null || expectedKey === null || expectedKey === lineOf(this.#shown)) return null;
    const expected = fingerprintOf(Buffer.from(expectedKey.split(' ')[1] ?? '', 'base64'));
    return { kind: 'host-key-changed', host, expected, got: fingerprintOf(this.#shown) };
  }

  /** After the login: a server that let nobody in is not worth remembering, it may be the wrong one. */
  public settle(): void {
    if (this.#shown === null || this.#rule.expectedKey !== null) return;
    this.#rule.trust(lineOf(this.#shown), fingerprintOf(this.#shown));
  }
}

/** `type base64`. */
export function lineOf(blob: Buffer): string {
  const type = blob.subarray(4, 4 + blob.readUInt32BE(0)).toString('latin1');
  return `${type} ${blob.toString('base64')}`;
}

/** As `ssh-keygen -l` shows it. */
export function fingerprintOf(blob: Buffer): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

const ALGORITHMS: readonly ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
];

/** Only the algorithms of the key that is expected: a server with several keys would else show another one. */
export function algorithmsFor(expectedKey: string | null): ServerHostKeyAlgorithm[] {
  const type = expectedKey?.split(' ')[0] ?? null;
  if (type === null) return [...ALGORITHMS];
  return ALGORITHMS.filter((each) => each === type || (type === 'ssh-rsa' && each.startsWith('rsa-')));
}
