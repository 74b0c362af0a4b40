/** Orders texts by their code units, the same everywhere: negative, zero or positive, as `sort` wants it. */
export function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
