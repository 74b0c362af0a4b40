import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closingLine, sumOf, tallyOfExit, tallyOfReport, type Tally } from './tally';

const CHECKS = ['format', 'lint', 'rules', 'types'];
const JEST_PROJECTS = ['unit', 'streams', 'properties', 'remote', 'simulation', 'e2e'];
/** They run the built program in a lab. */
const LAB_PROJECTS = ['e2e', 'wide', 'chaos', 'backends'];
/** Too long for every change: only where they are named. */
const APART = ['wide', 'chaos', 'backends'];

function run(program: string, args: readonly string[]): number | null {
  return spawnSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'] }).status;
}

function jest(project: string, folder: string): Tally {
  const report = join(folder, `${project}.json`);
  // Left to itself, Jest leaves a core idle.
  const workers = LAB_PROJECTS.includes(project) ? '2' : '100%';
  const code = run('sh', [
    'scripts/with-node',
    'jest',
    '--selectProjects',
    project,
    '--json',
    `--outputFile=${report}`,
    '--reporters=default',
    `--maxWorkers=${workers}`,
  ]);
  return tallyOfReport(existsSync(report) ? readFileSync(report, 'utf8') : null, code);
}

/** A program that does not build is one failure. */
function inLab(project: string, folder: string): Tally {
  const built = tallyOfExit(run('sh', ['scripts/build']));
  return built.failed > 0 ? built : jest(project, folder);
}

function tallyOf(name: string, folder: string): Tally {
  if (CHECKS.includes(name)) return tallyOfExit(run('npm', ['run', '--silent', name]));
  return LAB_PROJECTS.includes(name) ? inLab(name, folder) : jest(name, folder);
}

function step(name: string, folder: string): Tally {
  process.stdout.write(`\n== ${name}\n`);
  const begin = performance.now();
  const tally = tallyOf(name, folder);
  const seconds = Math.round((performance.now() - begin) / 1000);
  process.stdout.write(`== ${name}: ${closingLine(tally)} (${String(seconds)} s)\n`);
  return tally;
}

/** Every step runs, also after one that failed, so that one run shows everything. */
function main(names: readonly string[]): void {
  const usual = [...CHECKS, ...JEST_PROJECTS];
  const known = [...usual, ...APART];
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    process.stderr.write(`There is no step ${unknown.join(', ')}. The steps are: ${known.join(', ')}.\n`);
    process.exitCode = 2;
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'balena-backup-test-'));
  try {
    const total = sumOf((names.length > 0 ? names : usual).map((name) => step(name, folder)));
    process.stdout.write(`\n${closingLine(total)}\n`);
    process.exitCode = total.failed > 0 ? 1 : 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

main(process.argv.slice(2));
