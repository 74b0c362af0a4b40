import { accessSync, constants, existsSync, readdirSync, statfsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Exposure } from '../model/exposure';
import { bad, type Check, type Finding, ok, warn } from '../model/finding';
import { bytesText } from '../model/shown';

export interface StateTools {
  readonly stateDir: string;
  readonly keysFolder: string;
  readonly limitMs: number;
  readonly exposureOf: (path: string, what: string) => Exposure | null;
  /** Reads the ledger; throws, in words for a person, when it cannot be used. */
  readonly readLedger: () => unknown;
}

/** Below this a ledger soon cannot be written. */
const LEAST_BYTES = 64 * 1024 * 1024;

/** Whether STATE_DIR can be written, the ledger read, and nobody else read our keys. */
export function stateCheck({ stateDir, keysFolder, limitMs, exposureOf, readLedger }: StateTools): Check {
  return {
    what: 'STATE_DIR',
    limitMs,
    examine: () => {
      if (!isWritable(stateDir)) return Promise.resolve([unwritable('STATE_DIR', stateDir)]);
      const trouble = [...exposedIn(keysFolder, exposureOf), ...room(stateDir), ...ledgerTrouble(readLedger)];
      return Promise.resolve(
        trouble.length > 0 ? trouble : [ok(`${stateDir} can be written, and its keys are private`)],
      );
    },
  };
}

export interface KeysDirTools {
  readonly keysDir: string;
  readonly limitMs: number;
  /** Whether the collector has to be told our authority by it. */
  readonly isNeeded: boolean;
}

/** Whether the collector can be told our authority. */
export function keysDirCheck({ keysDir, limitMs, isNeeded }: KeysDirTools): Check {
  return {
    what: 'KEYS_DIR',
    limitMs,
    examine: () => {
      if (isWritable(keysDir)) return Promise.resolve([ok(`${keysDir} can be written`)]);
      if (!isNeeded)
        return Promise.resolve([
          ok(`${keysDir} cannot be written, which does not matter: no default target is at the collector`),
        ]);
      return Promise.resolve([unwritable('KEYS_DIR', keysDir)]);
    },
  };
}

/** A folder that is not there yet can be made where the one above it can be written. */
function isWritable(folder: string): boolean {
  const there = existsSync(folder) || dirname(folder) === folder ? folder : null;
  if (there === null) return isWritable(dirname(folder));
  try {
    // Asks the file system itself, which also knows of one that is mounted for reading only.
    accessSync(there, constants.W_OK | constants.X_OK);
    return statSync(there).isDirectory();
  } catch {
    return false;
  }
}

function unwritable(variable: string, folder: string): Finding {
  const who = String(process.getuid?.() ?? '?');
  const why = `${folder} cannot be written by user ${who}, who we run as`;
  return bad(why, `Mount a volume there that this user may write, or set ${variable} to another folder.`);
}

/** The folder of our keys and the private ones in it: what passes through is in a folder of its own. */
function exposedIn(folder: string, exposureOf: StateTools['exposureOf']): readonly Finding[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder, { withFileTypes: true }).filter((entry) => !entry.isDirectory());
  const exposures = [
    exposureOf(folder, 'the folder of our keys'),
    ...files.map(({ name }) => exposureOf(join(folder, name), 'the private key')),
  ];
  return exposures.flatMap((exposure) => (exposure === null ? [] : [bad(exposure.why, `${exposure.fix}.`)]));
}

function room(folder: string): readonly Finding[] {
  if (!existsSync(folder)) return [];
  const { bavail, bsize } = statfsSync(folder);
  const bytes = bavail * bsize;
  if (bytes >= LEAST_BYTES) return [];
  return [
    warn(
      `${folder} has only ${bytesText(bytes)} left`,
      'Free some space: the ledger must be written for anything to run.',
    ),
  ];
}

function ledgerTrouble(readLedger: () => unknown): readonly Finding[] {
  try {
    readLedger();
    return [];
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    const [why = words, ...rest] = words.split('. ');
    return [bad(why, rest.length === 0 ? 'Bring back a copy of the ledger.' : rest.join('. '))];
  }
}
