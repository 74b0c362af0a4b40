import { createHmac, timingSafeEqual } from 'node:crypto';
import { lineOf, parsePublicKey, type PublicKey } from './publickey';

/** How known_hosts names a host: plain at port 22, `[host]:port` elsewhere. */
export function hostName(host: string, port: number): string {
  const bare = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  return port === 22 ? bare : `[${bare}]:${String(port)}`;
}

function isHashOf(pattern: string, name: string): boolean {
  const [, kind, salt, hash] = pattern.split('|');
  if (kind !== '1' || salt === undefined || hash === undefined) return false;
  const expected = Buffer.from(hash, 'base64');
  const got = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest();
  return expected.length === got.length && timingSafeEqual(expected, got);
}

function isGlobOf(pattern: string, name: string): boolean {
  const source = pattern
    .toLowerCase()
    .replace(/[\\^$+.()|{}[\]]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${source}$`).test(name);
}

/** OpenSSH's rule for the first field: one pattern must match and no `!pattern` may. */
function isNamed(patterns: string, names: readonly string[]): boolean {
  if (patterns.startsWith('|')) return names.some((name) => isHashOf(patterns, name));
  const list = patterns.split(',');
  const hit = (pattern: string): boolean => names.some((name) => isGlobOf(pattern, name));
  if (list.some((pattern) => pattern.startsWith('!') && hit(pattern.slice(1)))) return false;
  return list.some((pattern) => !pattern.startsWith('!') && hit(pattern));
}

interface KnownHost {
  /** `@cert-authority ` or `@revoked ` with its blank, or nothing. */
  readonly marker: string;
  readonly patterns: string;
  readonly key: PublicKey;
}

function parseKnownHost(line: string): KnownHost | null {
  const match = /^(@(?:cert-authority|revoked)\s+)?([^\s#]\S*)\s+(\S.*)$/.exec(line.trim());
  const [, marker = '', patterns, rest] = match ?? [];
  if (patterns === undefined || rest === undefined) return null;
  const key = parsePublicKey(rest);
  return key === null ? null : { marker: marker === '' ? '' : `${marker.trim()} `, patterns, key };
}

/**
 * The lines of a known_hosts text that are about `host:port`, rewritten to name exactly that host. Empty when none is.
 * A line for the plain host counts at port 22 only: another port of the same host is another server.
 */
export function knownHostsFor(text: string, host: string, port: number): readonly string[] {
  const name = hostName(host, port);
  const names = port === 22 ? [name, `[${name}]:22`] : [name];
  return text.split('\n').flatMap((line) => {
    const known = parseKnownHost(line);
    return known !== null && isNamed(known.patterns, names) ? [`${known.marker}${name} ${lineOf(known.key)}`] : [];
  });
}
