import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { threeDevices } from './fleetofthree';
import { type Lab, startLab } from './lab';

const LAUNCHER = join(__dirname, '..', '..', 'bin', 'balena-backup');

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** One word of a shell, whatever is in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Writes the variables to a file of the lab, for a shell to read. */
function writeEnvironment(lab: Lab): string {
  const file = join(lab.folder, 'env');
  const lines = Object.entries(lab.environment()).map(([name, value]) => `export ${name}=${quoted(value)}\n`);
  writeFileSync(file, lines.join(''), { mode: 0o600 });
  say(lines.join('').trimEnd());
  return file;
}

function tellWhatToTry(lab: Lab, file: string): void {
  say('');
  say(`The lab ${lab.id} runs until you press Ctrl-C. Its variables are above, and in a file. In another terminal:`);
  say('');
  say(`  . ${quoted(file)}`);
  say(`  ${quoted(LAUNCHER)} run`);
  say('');
  say('The controller then backs up kitchen and garage every minute; office is not enabled.');
  say(`What the collector holds is in ${lab.server.backups}.`);
}

async function main(): Promise<void> {
  const stopped = Promise.race(['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => once(process, signal)));
  const lab = await startLab({ say });
  try {
    await threeDevices(lab, say);
    tellWhatToTry(lab, writeEnvironment(lab));
    await stopped;
  } finally {
    say('clearing the lab away ...');
    await lab.stop();
  }
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(
      `The lab could not be kept up: ${error instanceof Error ? (error.stack ?? '') : String(error)}\n`,
    );
    process.exit(1);
  },
);
