import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { transformSync } from '@swc/core';

const ROOT = join(__dirname, '..');
/** Compiled once, so that the compiler is not in the memory that is measured. */
const COMPILED = join(ROOT, 'node_modules', '.bench');

type Figures = Readonly<Record<string, number>>;

interface Row {
  readonly what: string;
  readonly figure: number;
  readonly unit: string;
  /** The promise: not more than this; null where there is none. */
  readonly limit: number | null;
}

function compile(folder: string): void {
  for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) compile(path);
    else compileFile(path);
  }
}

function compileFile(path: string): void {
  const target = join(COMPILED, path);
  mkdirSync(dirname(target), { recursive: true });
  if (!path.endsWith('.ts')) {
    cpSync(join(ROOT, path), target);
    return;
  }
  const { code } = transformSync(readFileSync(join(ROOT, path), 'utf8'), {
    filename: path,
    swcrc: false,
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'commonjs' },
  });
  writeFileSync(target.replace(/\.ts$/, '.js'), code);
}

function run(name: string, ...args: readonly string[]): string {
  const flags = ['--disable-warning=ExperimentalWarning', '--expose-gc'];
  const result = spawnSync(process.execPath, [...flags, join(COMPILED, 'bench', `${name}.js`), ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (result.status !== 0) throw new Error(`the benchmark ${name} failed`);
  return result.stdout;
}

function figuresOf(text: string): Figures {
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== 'object' || parsed === null) throw new TypeError('a benchmark gave no figures');
  return Object.fromEntries(Object.entries(parsed).map(([key, value]) => [key, Number(value)]));
}

function passes(devices: number): Figures {
  const stateDir = mkdtempSync(join(tmpdir(), 'balena-backup-bench-'));
  try {
    const { resident = NaN } = figuresOf(run('passes', String(devices), stateDir, 'prepare'));
    return { ...figuresOf(run('passes', String(devices), stateDir, 'measure')), empty: resident };
  } finally {
    rmSync(stateDir, { recursive: true, force: true });
  }
}

function passRows(devices: number, limits: { readonly quiet: number; readonly due: number | null }): readonly Row[] {
  const {
    quiet = NaN,
    reading = NaN,
    due = NaN,
    first = NaN,
    resident = NaN,
    live = NaN,
    empty = NaN,
  } = passes(devices);
  const of = `of ${devices.toLocaleString('en')} devices`;
  return [
    { what: `pass, nothing changed, ${of}`, figure: quiet, unit: 'ms CPU', limit: limits.quiet },
    { what: `the same with a reading of the API, ${of}`, figure: reading, unit: 'ms CPU', limit: null },
    { what: `pass, all due at once, ${of}`, figure: due, unit: 'ms CPU', limit: limits.due },
    { what: `first pass after a start, ${of}`, figure: first, unit: 'ms CPU', limit: null },
    { what: `the heap's live part, ${of}`, figure: live, unit: 'MiB', limit: null },
    { what: `the whole process at its most in an hour, ${of}`, figure: resident, unit: 'MiB', limit: 300 },
    { what: `the same at the first start of all, ${of}`, figure: empty, unit: 'MiB', limit: 300 },
  ];
}

function otherRows(): readonly Row[] {
  const skew = figuresOf(run('skew'));
  const flight = figuresOf(run('flight'));
  const { p99 = NaN, longest = NaN } = skew;
  const { followed = NaN, early = NaN, late = NaN, saidMiB = NaN } = flight;
  return [
    { what: 'slot to start, p99, in the simulation', figure: p99, unit: 'ms', limit: 1000 },
    { what: 'slot to start, longest', figure: longest, unit: 'ms', limit: null },
    {
      what: `heap grown by ${saidMiB.toFixed(0)} MiB of output of ${String(followed)} runs`,
      figure: late - early,
      unit: 'MiB',
      limit: 10,
    },
  ];
}

function print(rows: readonly Row[]): void {
  const width = Math.max(...rows.map(({ what }) => what.length));
  for (const { what, figure, unit, limit } of rows) {
    const promise = limit === null ? '' : `  at most ${String(limit)}: ${figure <= limit ? 'kept' : 'NOT KEPT'}`;
    process.stdout.write(`${what.padEnd(width)}  ${figure.toFixed(1).padStart(9)} ${unit.padEnd(6)}${promise}\n`);
  }
}

function main(): void {
  rmSync(COMPILED, { recursive: true, force: true });
  for (const folder of ['src', 'bench', 'test/support', 'test/simulation/world']) compile(folder);
  cpSync(join(ROOT, 'package.json'), join(COMPILED, 'package.json'));
  const rows = [
    ...passRows(10_000, { quiet: 100, due: null }),
    ...passRows(100_000, { quiet: 1000, due: 1000 }),
    ...otherRows(),
  ];
  print(rows);
  const machine = { node: process.version, processors: cpus().length, model: cpus()[0]?.model ?? '' };
  // Other programs keep their figures in the same file.
  const file = join(ROOT, 'bench', 'results.json');
  const known: unknown = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const others = typeof known === 'object' && known !== null ? Object.fromEntries(Object.entries(known)) : {};
  writeFileSync(file, `${JSON.stringify({ ...others, machine, rows }, null, 2)}\n`);
}

main();
