import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { VERSION_PLACES, versionProblem, withRelease, withVersion } from './versions';

/** Sets the version everywhere, or nowhere. Gives what went wrong, or null. */
export function release(root: string, version: string, day: string): string | null {
  const present: unknown = Reflect.get(Object(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))), 'version');
  const problem = versionProblem(version, String(present));
  if (problem !== null) return problem;
  const texts = new Map<string, string>();
  try {
    for (const place of VERSION_PLACES) {
      const text = texts.get(place.file) ?? readFileSync(join(root, place.file), 'utf8');
      texts.set(place.file, withVersion(text, place, version));
    }
    texts.set('CHANGELOG.md', withRelease(readFileSync(join(root, 'CHANGELOG.md'), 'utf8'), version, day));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  for (const [file, text] of texts) writeFileSync(join(root, file), text);
  return null;
}
