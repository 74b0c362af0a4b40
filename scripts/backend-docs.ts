import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { backendsPage } from './backendspage';

/** Writes docs/backends.md from the table in code; with `--check` it only says whether the page is as it should be. */
function main(check: boolean): void {
  const file = join(__dirname, '..', 'docs', 'backends.md');
  const page = backendsPage();
  if (!check) {
    writeFileSync(file, page);
  } else if (readFileSync(file, 'utf8') !== page) {
    process.stderr.write('docs/backends.md is not what the table says; run: npm run docs\n');
    process.exitCode = 1;
  }
}

main(process.argv.includes('--check'));
