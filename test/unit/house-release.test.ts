import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { release } from '../../scripts/release';
import { VERSION_PLACES, versionProblem } from '../../scripts/versions';
import { version } from '../../src/version';

const ROOT = join(__dirname, '..', '..');
const FILES = [...new Set([...VERSION_PLACES.map(({ file }) => file), 'CHANGELOG.md'])];
let root: string;

const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'balena-backup-release-'));
  for (const file of FILES) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    cpSync(join(ROOT, file), join(root, file));
  }
  writeFileSync(join(root, 'CHANGELOG.md'), '# Changelog\n\n## Unreleased\n\n- Something new.\n');
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

test('a release sets the version in every place, and nothing else', () => {
  const before = FILES.map((file) => [file, textOf(file)] as const);

  expect(release(root, '98.76.54', '2027-01-02')).toBeNull();

  for (const [file, text] of before) {
    if (file === 'CHANGELOG.md') continue;
    expect(textOf(file)).not.toBe(text);
    expect(textOf(file).replaceAll('98.76.54', version)).toBe(text);
  }
  expect(textOf('CHANGELOG.md')).toBe('# Changelog\n\n## Unreleased\n\n## 98.76.54 (2027-01-02)\n\n- Something new.\n');
});

test('a place that is no longer there stops it before anything is written', () => {
  writeFileSync(join(root, 'balena.yml'), 'name: balena-backup\n');
  const before = FILES.map(textOf);
  expect(release(root, '98.76.54', '2027-01-02')).toMatch(/balena\.yml has no version/);
  expect(FILES.map(textOf)).toEqual(before);
});

test('so does a changelog with nothing new in it', () => {
  writeFileSync(join(root, 'CHANGELOG.md'), '# Changelog\n\n## Unreleased\n\n## 0.1.0 (2026-01-01)\n\n- Old.\n');
  expect(release(root, '98.76.54', '2027-01-02')).toMatch(/nothing under "Unreleased"/);
});

test.each([
  { next: '0.2.0', present: '0.1.0', says: null },
  { next: '0.10.0', present: '0.9.9', says: null },
  { next: '1.0.0', present: '0.9.9', says: null },
  { next: '0.1.0', present: '0.1.0', says: /not newer/ },
  { next: '0.9.9', present: '1.0.0', says: /not newer/ },
  { next: 'v1.0.0', present: '0.1.0', says: /not a version/ },
  { next: '1.0', present: '0.1.0', says: /not a version/ },
  { next: '', present: '0.1.0', says: /not a version/ },
])('$next after $present', ({ next, present, says }) => {
  const problem = versionProblem(next, present);
  if (says === null) expect(problem).toBeNull();
  else expect(problem).toMatch(says);
});
