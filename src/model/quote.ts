const LIMIT = 60;

/** The text in double quotes as a message may show it: one line, no control characters, cut after 60 characters. */
export function quoted(text: string): string {
  const cut = text.length > LIMIT ? `${text.slice(0, LIMIT)}…` : text;
  const escaped = cut.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu,
    (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`,
  );
  return `"${escaped}"`;
}
