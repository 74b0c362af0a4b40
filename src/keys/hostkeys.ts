import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { HostKeys } from '../model/hostkey';
import { readIfThere, writeAtomically } from './statefile';

/** `host:port` as known_hosts names it; without a port it is 22. */
function nameOf(host: string): string {
  const [, address = host, port = '22'] = /^(.*):(\d+)$/.exec(host) ?? [];
  return `[${address.replace(/^\[(.*)\]$/, '$1').toLowerCase()}]:${port}`;
}

/**
 * Host keys that were trusted at first use, in a known_hosts file. Each call reads it anew, so that what a person removes,
 * or another process of ours remembers, counts at once.
 */
export function openHostKeys(path: string): HostKeys {
  const lines = (): readonly string[] => (readIfThere(path) ?? '').split('\n').filter((line) => line.trim() !== '');
  const others = (name: string): readonly string[] => lines().filter((line) => !line.startsWith(`${name} `));
  const write = (kept: readonly string[]): void => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeAtomically(path, kept.map((line) => `${line}\n`).join(''), 0o600);
  };
  return {
    lookup: (host): string | null => {
      const name = nameOf(host);
      const found = lines().find((line) => line.startsWith(`${name} `));
      return found === undefined ? null : found.slice(name.length + 1).trim();
    },
    remember: (host, key): void => {
      const name = nameOf(host);
      write([...others(name), `${name} ${key.trim()}`]);
    },
    forget: (host): boolean => {
      const kept = others(nameOf(host));
      const known = kept.length < lines().length;
      if (known) write(kept);
      return known;
    },
  };
}
