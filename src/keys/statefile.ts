import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import type { Exposure } from '../model/exposure';

function hasCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}

/** True for the error that says there is no such file. */
export function isMissing(error: unknown): boolean {
  return hasCode(error, 'ENOENT');
}

/** The text of a file, or null when there is none; any other trouble throws. */
export function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

function writeBeside(path: string, text: string, mode: number): string {
  const beside = `${path}.${randomBytes(6).toString('hex')}.new`;
  const fd = openSync(beside, 'wx', mode);
  try {
    writeFileSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  return beside;
}

/** Replaces the file: a reader, or a crash, sees the old text or the new, never a part. */
export function writeAtomically(path: string, text: string, mode: number): void {
  const beside = writeBeside(path, text, mode);
  try {
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}

/** Makes the file unless it is there; false, and nothing changed, when another process was first. */
export function createOnce(path: string, text: string, mode: number): boolean {
  const beside = writeBeside(path, text, mode);
  try {
    linkSync(beside, path);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    rmSync(beside, { force: true });
  }
}

/** Null where only we can read and write what is there. */
export function exposureOf(path: string, what: string): Exposure | null {
  const seen = lstatSync(path);
  const mine = process.getuid?.();
  if (mine !== undefined && seen.uid !== mine) {
    return {
      why: `${what} ${path} belongs to user ${String(seen.uid)}, not to user ${String(mine)} that we run as, so it cannot be trusted`,
      fix: `run "chown -R ${String(mine)} ${path}" if it is ours`,
    };
  }
  if (!seen.isSymbolicLink() && (seen.mode & 0o077) === 0) return null;
  return {
    why: `${what} ${path} is open to other users (mode ${(seen.mode & 0o777).toString(8)}), so the key may be known to them`,
    fix: `run "chmod go-rwx ${path}", and delete the key if it was exposed`,
  };
}

/** Throws, in words for a person, unless only we can read and write what is there. */
export function assertPrivate(path: string, what: string): void {
  const exposure = exposureOf(path, what);
  if (exposure !== null) throw new Error(`${exposure.why}: ${exposure.fix}`);
}

/** A folder that only we can enter, made if missing; throws when it is there and open to others. */
export function privateFolder(path: string, what: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  assertPrivate(path, what);
}
