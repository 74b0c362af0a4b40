import { Secret } from './secret';

/** The passwords of the URLs in a text, as they stand there and decoded. */
export function passwordIn(text: string): readonly Secret[] {
  const found = [...text.matchAll(/[A-Za-z][A-Za-z0-9+.-]*:\/\/[^\s/@:]*:([^\s/]*)@/g)].flatMap(([, word = '']) => [
    word,
    decoded(word),
  ]);
  return [...new Set(found)].filter((word) => word !== '').map((word) => new Secret(word));
}

function decoded(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch {
    return word;
  }
}
