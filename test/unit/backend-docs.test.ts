import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { backendsPage } from '../../scripts/backendspage';
import { TRIALS } from '../../scripts/backendstried';
import { BACKENDS } from '../../src/model/backend';

test('docs/backends.md is what the table says', () => {
  const page = readFileSync(join(__dirname, '..', '..', 'docs', 'backends.md'), 'utf8');
  expect(page).toBe(backendsPage());
});

test('what was tried is what there is', () => {
  const names = Object.keys(TRIALS).filter((name) => name !== 'rsync (daemon)');
  expect(names.filter((name) => !BACKENDS.has(name))).toEqual([]);
});
