/** A URL as a word that anybody may see, and its password for the environment of the program that gets it. */
export interface BareUrl {
  readonly url: string;
  /** The variable that Duplicity reads a password from where its URL has none, and the password. Null without one. */
  readonly password: { readonly variable: string; readonly value: string } | null;
}

/**
 * Takes the password out of a URL, since Duplicity gets it as an argument, which every process on the device can read.
 * A password that cannot stand in an environment stays, as does one of a scheme that only reads it from the URL.
 */
export function withoutPassword(url: string): BareUrl {
  // As the URL is parsed: the login ends at the last @ before the path, and its user at the first colon.
  const [, scheme = '', user = '', written = '', rest = ''] =
    /^([a-z0-9+]+):\/\/([^/:]*):([^/]*)(@[^/@]*(?:\/.*)?)$/s.exec(url) ?? [];
  const value = decoded(written);
  if (value === '' || value.includes('\0') || ONLY_FROM_URL.has(scheme)) return { url, password: null };
  const variable = scheme.startsWith('imap') ? 'IMAP_PASSWORD' : 'FTP_PASSWORD';
  return { url: `${scheme}://${user}${rest}`, password: { variable, value } };
}

const ONLY_FROM_URL = new Set(['mega', 'multi']);

/** As Duplicity decodes it: what is no percent-encoding stays. */
function decoded(text: string): string {
  return text.replace(/(?:%[0-9A-Fa-f]{2})+/g, (found) =>
    Buffer.from(found.replaceAll('%', ''), 'hex').toString('utf8'),
  );
}
