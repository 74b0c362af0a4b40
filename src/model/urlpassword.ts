import type { RunCredentials } from './credentials';

/** A URL as a word that anybody may see, and what its program gets beside it: its password. */
export interface BareUrl {
  readonly url: string;
  readonly credentials: RunCredentials;
}

/**
 * Takes the password out of a URL, since Duplicity gets it as an argument, which every process on the device can read.
 * A password that cannot stand in an environment stays, as do those of `multi`, whose stores are listed in a file.
 */
export function withoutPassword(url: string): BareUrl {
  // As the URL is parsed: the login ends at the last @ before the path, and its user at the first colon.
  const [, scheme = '', user = '', written = '', rest = ''] =
    /^([a-z0-9+]+):\/\/([^/:]*):([^/]*)(@[^/@]*(?:\/.*)?)$/s.exec(url) ?? [];
  const password = decoded(written);
  if (password === '' || password.includes('\0') || scheme === 'multi') return { url, credentials: NONE };
  return { url: `${scheme}://${user}${rest}`, credentials: credentialsOf(scheme, decoded(user), password) };
}

const NONE: RunCredentials = { environment: new Map(), files: new Map() };

/** Where Duplicity, or its program, reads a password that its URL has not. */
function credentialsOf(scheme: string, user: string, password: string): RunCredentials {
  if (scheme !== 'mega') {
    const variable = scheme.startsWith('imap') ? 'IMAP_PASSWORD' : 'FTP_PASSWORD';
    return { ...NONE, environment: new Map([[variable, password]]) };
  }
  const login = `[Login]\nUsername = ${keyFileText(user)}\nPassword = ${keyFileText(password)}\n`;
  return { ...NONE, files: new Map([['MEGARC', login]]) };
}

/** As GLib reads values of its key files. */
function keyFileText(text: string): string {
  const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', ' ': '\\s', '\n': '\\n', '\t': '\\t', '\r': '\\r' };
  return text.replace(/[\\ \n\t\r]/g, (sign) => escapes[sign] ?? sign);
}

/** As Duplicity decodes it: what is no percent-encoding stays. */
function decoded(text: string): string {
  return text.replace(/(?:%[0-9A-Fa-f]{2})+/g, (found) =>
    Buffer.from(found.replaceAll('%', ''), 'hex').toString('utf8'),
  );
}
