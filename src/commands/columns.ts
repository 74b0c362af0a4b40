import { escapeControls } from '../model/escape';

const GAP = '  ';
/** Narrower than this nothing can be read. */
const LEAST = 8;

/**
 * A table as lines: a head, then the rows, cells escaped. Where it is wider than `columns`, the widest columns are cut
 * with an ellipsis; null cuts nothing.
 */
export function columnsText(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  columns: number | null,
): readonly string[] {
  const cells = [head, ...rows.map((row) => row.map(escapeControls))];
  const widths = fitted(
    head.map((_, index) => Math.max(...cells.map((row) => row[index]?.length ?? 0))),
    columns,
  );
  return cells.map((row) =>
    widths
      .map((width, index) => padded(row[index] ?? '', width))
      .join(GAP)
      .trimEnd(),
  );
}

/** Takes from the widest column, a character at a time, until all fit. */
function fitted(widths: readonly number[], columns: number | null): readonly number[] {
  const fit = [...widths];
  const total = (): number => fit.reduce((sum, width) => sum + width, GAP.length * (fit.length - 1));
  while (columns !== null && total() > columns) {
    const widest = Math.max(...fit);
    if (widest <= LEAST) break;
    fit[fit.indexOf(widest)] = widest - 1;
  }
  return fit;
}

function padded(cell: string, width: number): string {
  return cell.length > width ? `${cell.slice(0, width - 1)}…` : cell.padEnd(width);
}
