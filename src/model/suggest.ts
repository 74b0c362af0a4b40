/**
 * The candidate that a person most likely meant by `word`, or null. Near is: few edits for its length, or the same name
 * with a part in front or behind it (`SCRT_B2_ID` and `B2_ID`). Of equally near ones the first in order of the alphabet.
 */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  let best: string | null = null;
  let bestScore = Infinity;
  for (const candidate of [...candidates].sort()) {
    const score = scoreOf(word.toLowerCase(), candidate.toLowerCase());
    if (score < bestScore) [best, bestScore] = [candidate, score];
  }
  return best;
}

/** `; did you mean X?` for the end of a message, or nothing. */
export function didYouMean(word: string, candidates: Iterable<string>, show = (name: string) => name): string {
  const found = nearest(word, candidates);
  return found === null ? '' : `; did you mean ${show(found)}?`;
}

function scoreOf(word: string, candidate: string): number {
  const limit = Math.min(3, Math.max(1, Math.floor(Math.min(word.length, candidate.length) / 4)));
  if (Math.abs(word.length - candidate.length) <= limit) {
    const distance = editDistance(word, candidate);
    if (distance <= limit && distance < Math.min(word.length, candidate.length)) return distance;
  }
  return isExtension(word, candidate) || isExtension(candidate, word) ? limit + 1 : Infinity;
}

function isExtension(long: string, short: string): boolean {
  return short.length >= 3 && (long.endsWith(`_${short}`) || long.startsWith(`${short}_`));
}

/** Insertions, deletions, substitutions and swaps of neighbours that turn one text into the other. */
export function editDistance(from: string, to: string): number {
  let beforeLast: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      const swap = swapped ? at(beforeLast, j - 2) + 1 : Infinity;
      row.push(Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + same, swap));
    }
    [beforeLast, last] = [last, row];
  }
  return at(last, to.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}
