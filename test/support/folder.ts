import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Every file of a folder with its mode, its time of change and a digest of its bytes: equal when nothing was written. */
export function traceOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const path = join(folder, name);
      const { mode, mtimeMs, size } = statSync(path);
      const digest = statSync(path).isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : '-';
      return `${name} ${mode.toString(8)} ${String(mtimeMs)} ${String(size)} ${digest}`;
    });
}
