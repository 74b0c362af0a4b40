import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from './lab';

const LAUNCHER = join(__dirname, '..', '..', 'bin', 'balena-backup');

/** One word of a shell, whatever is in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The lab's variables as lines for a shell. */
export function exportLines(lab: Lab): string {
  return Object.entries(lab.environment())
    .map(([name, value]) => `export ${name}=${quoted(value)}\n`)
    .join('');
}

/** What a person may type to look around, with the variables in a file of the lab. */
export function whatToTry(lab: Lab): readonly string[] {
  const file = join(lab.folder, 'env');
  writeFileSync(file, exportLines(lab), { mode: 0o600 });
  const [device] = lab.devices;
  return [
    `  . ${quoted(file)}                       the variables, for a shell`,
    `  ${quoted(LAUNCHER)} run                 a controller (one at a time on a STATE_DIR)`,
    `  ${quoted(LAUNCHER)} resync              makes it look at the fleet now`,
    `  ls -l ${quoted(lab.server.backups)}/*   what the collector holds`,
    ...(device === undefined
      ? []
      : [
          `  ssh -i ${quoted(join(lab.folder, 'gateway_key'))} -p ${String(device.sshPort)} root@${device.address}   a shell on ${device.name}`,
        ]),
  ].map((line) => line.replace(/ {3,}(?=\S)/, '   '));
}
