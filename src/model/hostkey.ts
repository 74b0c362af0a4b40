/** Hosts whose keys we trusted at first use. */
export interface HostKeys {
  /** The key line (`type base64`) that is remembered for `host:port`, or null. */
  lookup(host: string): string | null;
  remember(host: string, key: string): void;
  forget(host: string): boolean;
}

/** A host key that a server showed. */
export interface ShownHostKey {
  /** `type base64`. */
  readonly key: string;
  readonly fingerprint: string;
}
