import { once } from 'node:events';
import { threeDevices } from './fleetofthree';
import { type Lab, startLab } from './lab';
import { exportLines, whatToTry } from './labenv';

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function tellWhatToTry(lab: Lab): void {
  say(`\n${exportLines(lab)}`);
  say(`The lab ${lab.id} runs until you press Ctrl-C. In another terminal:\n`);
  for (const line of whatToTry(lab)) say(line);
  say('\nkitchen and garage are due every minute; office is not enabled.');
}

async function main(): Promise<void> {
  const stopped = Promise.race(['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => once(process, signal)));
  const lab = await startLab({ say });
  try {
    await threeDevices(lab, say);
    tellWhatToTry(lab);
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
