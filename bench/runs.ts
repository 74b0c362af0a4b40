import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Lab, startLab } from '../test/lab/lab';
import type { LabDevice } from '../test/lab/device';
import { impactRows } from './impact';
import { makeTree, type Row, speedRows } from './speed';

const RESULTS = join(__dirname, 'results.json');

/** The figures of this program go beside those of others in the same file. */
function keep(rows: readonly Row[]): void {
  const known: unknown = existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, 'utf8')) : {};
  const others = typeof known === 'object' && known !== null ? Object.fromEntries(Object.entries(known)) : {};
  writeFileSync(RESULTS, `${JSON.stringify({ ...others, runs: rows }, null, 2)}\n`);
}

function print(rows: readonly Row[]): void {
  const columns = ['full s', 'no change s', '1 % change s', 'stored MB', 'peak MB'] as const;
  const width = Math.max(...rows.map(({ what }) => what.length));
  process.stdout.write(`${''.padEnd(width)}  ${columns.join('  ')}\n`);
  for (const { what, figures } of rows) {
    const cells = columns.map((name) =>
      (figures[name] === undefined ? '–' : figures[name].toFixed(1)).padStart(name.length),
    );
    const others = Object.entries(figures).filter(([name]) => !columns.some((column) => column === name));
    const more = others.map(([name, figure]) => `${name}: ${figure.toFixed(1)}`).join(', ');
    process.stdout.write(`${what.padEnd(width)}  ${more === '' ? cells.join('  ') : more}\n`);
  }
}

async function measured(lab: Lab): Promise<readonly Row[]> {
  const fleet = lab.addFleet({ name: 'measured' });
  const device: LabDevice = await lab.addDevice({ fleet, name: 'measured', tags: { backupEnabled: 'true' } });
  const bench = { lab, device };
  await makeTree(bench);
  return [...(await speedRows(bench)), ...(await impactRows(bench))];
}

async function main(): Promise<void> {
  const lab = await startLab({ say: (text) => process.stderr.write(`${text}\n`) });
  try {
    const rows = await measured(lab);
    print(rows);
    keep(rows);
  } finally {
    await lab.stop();
  }
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? '') : String(error)}\n`);
    process.exit(1);
  },
);
