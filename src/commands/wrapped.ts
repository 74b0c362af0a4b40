/** Narrower than this nothing can be read. */
const LEAST = 20;

/** The text in lines that fit the terminal, each indented; words are not broken. Null: one line, however long. */
export function wrapped(text: string, indent: number, columns: number | null): readonly string[] {
  const margin = ' '.repeat(indent);
  if (columns === null) return [`${margin}${text}`];
  const width = Math.max(LEAST, columns - indent);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(`${margin}${line}`);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, `${margin}${line}`];
}
