/**
 * The passwords of the URLs in a text, as they stand there and decoded. As a URL is parsed: the user ends at the first colon,
 * the password at the last @ before the path.
 */
export function urlPasswordsIn(text: string): readonly string[] {
  const written = [...text.matchAll(/:\/\/[^\s/@:"]*:([^\s/"]+)@/g)].map(([, password = '']) => password);
  return [...new Set(written.flatMap((password) => [password, decoded(password)]))];
}

function decoded(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch {
    return word;
  }
}
