/** Control and format characters, line separators and lone halves of pairs: what could forge a line or steer a terminal. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

const SHORT: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

/** The text on one line, safe to show in a terminal; nothing is lost, unsafe characters are written as escapes. */
export function escapeControls(text: string): string {
  return text.replace(UNSAFE, (found) => SHORT.get(found) ?? escaped(found));
}

/** The same for a text of several lines: only their ends stay as they are. */
export function escapeLines(text: string): string {
  return text.split('\n').map(escapeControls).join('\n');
}

/** JSON as one line in which no unsafe character is left; it still reads as the same value. */
export function escapedJson(value: unknown): string {
  return JSON.stringify(value).replace(UNSAFE, escaped);
}

function escaped(found: string): string {
  return Array.from({ length: found.length }, (_, index) => {
    const unit = found.charCodeAt(index);
    return `\\u${unit.toString(16).padStart(4, '0')}`;
  }).join('');
}
