import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(__dirname, '..', '..');

/** A block of commands in a document. */
export interface CommandBlock {
  readonly file: string;
  /** The heading that it stands under. */
  readonly heading: string;
  /** The comment before it, for example `run by: test/e2e/deploy.test.ts`; empty where there is none. */
  readonly mark: string;
  /** Without comments at their ends, and without empty lines. */
  readonly lines: readonly string[];
}

/** The blocks of commands of a document, in order. */
export function commandBlocksOf(file: string): readonly CommandBlock[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return [...text.matchAll(/(?:^<!-- (.*) -->\n\n)?^```(?:sh|bash|console)\n([\s\S]*?)^```$/gm)].map((match) => {
    const [, mark = '', body = ''] = match;
    const headings = [...text.slice(0, match.index).matchAll(/^#+ (.*)$/gm)];
    const lines = body.split('\n').map((line) => line.replace(/(^| +)# .*$/, '').trimEnd());
    return { file, heading: headings.at(-1)?.[1] ?? '', mark, lines: lines.filter((line) => line !== '') };
  });
}

/** The commands under one heading; throws where there is not exactly one block of them. */
export function commandsUnder(file: string, heading: string): readonly string[] {
  const blocks = commandBlocksOf(file).filter((block) => block.heading === heading);
  const [block] = blocks;
  if (block === undefined || blocks.length > 1) throw new Error(`${file} has no single block under "${heading}"`);
  return block.lines;
}

/** The rows of the table that has this first cell in one of them, as cells; code marks and stars are left as they are. */
export function tableWith(file: string, cell: string): readonly (readonly string[])[] {
  const document = readFileSync(join(ROOT, file), 'utf8');
  const tables = [...document.matchAll(/^\|.*\n\|[-:| ]*\|\n((?:\|.*\n)+)/gm)].map(([, rows = '']) => rows);
  const found = tables.map(cellsOf).filter((rows) => rows.some(([first]) => first === cell));
  const [table] = found;
  if (table === undefined || found.length > 1) throw new Error(`${file} has no single table with ${cell}`);
  return table;
}

/** The rows of all tables whose first column is headed so, as cells. */
export function rowsUnder(file: string, head: string): readonly (readonly string[])[] {
  const document = readFileSync(join(ROOT, file), 'utf8');
  const tables = [...document.matchAll(/^\|(.*)\n\|[-:| ]*\|\n((?:\|.*\n)+)/gm)];
  return tables.flatMap(([, heads = '', rows = '']) => (heads.split('|')[0]?.trim() === head ? cellsOf(rows) : []));
}

function cellsOf(rows: string): readonly (readonly string[])[] {
  const lines = rows.trimEnd().split('\n');
  return lines.map((line) => line.slice(1, -1).split(/(?<!\\)\|/)).map((cells) => cells.map((cell) => cell.trim()));
}
