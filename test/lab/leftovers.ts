import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { removeNetwork } from './network';

const RUNTIME = '/run/balena-backup-lab';

/** A lab as it is written down before anything of it is made. */
interface Entry {
  readonly id: string;
  readonly folder: string;
  readonly pid: number;
  /** When the process started, in the kernel's ticks: with the pid it names a process. */
  readonly start: string;
}

/**
 * Writes the lab down as this process's. Its programs end with the process; what else it makes (network, folder) is
 * taken back by `forget`, and where the process was killed by the next lab's `clearLeftovers`.
 */
export function registerLab(id: string, folder: string): { readonly forget: () => void } {
  mkdirSync(RUNTIME, { recursive: true });
  const entry: Entry = { id, folder, pid: process.pid, start: startOf(process.pid) ?? '' };
  writeFileSync(pathOf(id), JSON.stringify(entry));
  const forget = (): void => {
    clear(entry);
    process.removeListener('exit', forget);
  };
  process.once('exit', forget);
  return { forget };
}

/** Clears what labs left whose process is gone. Labs that run are not touched. */
export function clearLeftovers(): void {
  if (!existsSync(RUNTIME)) return;
  for (const name of readdirSync(RUNTIME)) {
    const entry = readEntry(join(RUNTIME, name));
    if (entry === null || startOf(entry.pid) === entry.start) continue;
    clear(entry);
  }
}

function clear({ id, folder }: Entry): void {
  removeNetwork(id);
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  rmSync(pathOf(id), { force: true });
}

function pathOf(id: string): string {
  return join(RUNTIME, `${id}.json`);
}

/** Null for a file that another lab is just writing or taking away. */
function readEntry(path: string): Entry | null {
  try {
    const read: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof read !== 'object' || read === null) return null;
    const text = (key: string): string => String(Reflect.get(read, key));
    return { id: text('id'), folder: text('folder'), pid: Number(text('pid')), start: text('start') };
  } catch {
    return null;
  }
}

function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
