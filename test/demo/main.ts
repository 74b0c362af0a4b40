import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type FleetOfThree, threeDevices } from '../lab/fleetofthree';
import { type Lab, startLab } from '../lab/lab';
import { whatToTry } from '../lab/labenv';
import { until } from '../support/wait';
import { wipedAndRestored } from './restoring';
import { encryptedProof, type Proof, restoreProof, tableOf, tidyProof, untouchedProof } from './proofs';

const LAUNCHER = join(__dirname, '..', '..', 'bin', 'balena-backup');
const startedAt = Date.now();

function say(text: string): void {
  const seconds = String(Math.round((Date.now() - startedAt) / 1000)).padStart(3);
  process.stdout.write(`${seconds} s  demo       | ${text}\n`);
}

interface Controller {
  readonly child: ChildProcess;
  readonly lines: readonly string[];
}

/** The built controller as a process of its own; its log is shown as it happens. */
function startController(lab: Lab): Controller {
  const child = spawn(LAUNCHER, ['run'], {
    env: { PATH: process.env['PATH'] ?? '', ...lab.environment() },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      process.stdout.write(`       controller | ${line}\n`);
    });
  }
  return { child, lines };
}

async function stopController({ child }: Controller): Promise<Proof> {
  const begin = Date.now();
  const closed = child.exitCode === null ? once(child, 'close') : Promise.resolve();
  child.kill('SIGTERM');
  await closed;
  const seconds = ((Date.now() - begin) / 1000).toFixed(1);
  return {
    what: 'the controller stops on SIGTERM within 10 s, with 0',
    held: child.exitCode === 0 && Date.now() - begin < 10_000,
    detail: `exit code ${String(child.exitCode)} after ${seconds} s`,
  };
}

async function backedUp(controller: Controller, name: string): Promise<Proof> {
  const line = await until(
    `a scheduled backup of ${name}`,
    () => {
      if (controller.child.exitCode !== null) throw new Error('the controller has ended');
      return controller.lines.find((each) => each.includes(`(${name}) backup`) && each.includes(' run.succeeded '));
    },
    240_000,
  );
  return {
    what: `${name}: backed up at its schedule`,
    held: true,
    detail: line.replace(/^.*?: (?=Stored)/, '').slice(0, 70),
  };
}

async function proofsOf(lab: Lab, { kitchen, garage, office }: FleetOfThree, keep: boolean): Promise<readonly Proof[]> {
  say('starting the controller; kitchen and garage are due at the next full minute');
  const controller = startController(lab);
  try {
    const backups = await Promise.all([backedUp(controller, 'kitchen'), backedUp(controller, 'garage')]);
    const stopped = keep ? [] : [await stopController(controller)];
    say('restoring with plain Duplicity, straight from the folder of the collector');
    const plain = [restoreProof(lab, kitchen, ['data', 'settings']), restoreProof(lab, garage, ['records'])];
    say('wiping a volume of kitchen, and bringing it back with restore.sh');
    const restored = await wipedAndRestored(lab, kitchen, (line) =>
      process.stdout.write(`       restore.sh | ${line}\n`),
    );
    return [
      ...backups,
      ...plain,
      ...restored,
      encryptedProof(lab, kitchen, ['a line that compresses well', 'only its owner reads this']),
      untouchedProof(lab, office),
      ...(keep ? [] : await Promise.all([kitchen, garage].map(tidyProof))),
      ...stopped,
    ];
  } finally {
    if (!keep) controller.child.kill('SIGKILL');
  }
}

function tellWhatToTry(lab: Lab): void {
  say('left running until Ctrl-C, the controller too, and kitchen and garage are backed up every minute. To try:');
  for (const line of whatToTry(lab)) say(line);
}

async function main(words: readonly string[]): Promise<number> {
  const unknown = words.filter((word) => word !== '--keep');
  if (unknown.length > 0) {
    process.stderr.write(`The demo knows --keep only, not ${unknown.join(' ')}.\n`);
    return 2;
  }
  const keep = words.includes('--keep');
  const stopped = Promise.race(['SIGINT', 'SIGTERM'].map((signal) => once(process, signal)));
  const lab = await startLab({ say });
  try {
    const fleet = await threeDevices(lab, say);
    const proofs = await proofsOf(lab, fleet, keep);
    process.stdout.write(`\n${tableOf(proofs)}\n\n`);
    const failed = proofs.filter(({ held }) => !held).length;
    say(failed === 0 ? 'every proof held' : `${String(failed)} of ${String(proofs.length)} proofs did not hold`);
    if (keep) {
      tellWhatToTry(lab);
      await stopped;
    }
    return failed === 0 ? 0 : 1;
  } finally {
    say('clearing the lab away');
    await lab.stop();
  }
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(
      `The demo failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    process.exit(1);
  },
);
