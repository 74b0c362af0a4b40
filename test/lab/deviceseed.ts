import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, lchownSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export type FileContents = Readonly<Record<string, string | Buffer>>;

interface Owner {
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

/** Files by path below a folder; folders are made as needed. */
export function writeFiles(folder: string, files: FileContents): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

const ODD_NAMES = [
  'with blanks  and\ttab',
  `quotes ' and " both`,
  '-dash first',
  '$(echo expanded) `echo too`',
  'back\\slash *?[a-z]',
  'two\nlines',
  'Zürich ☃ 雪.txt',
  '.hidden',
];

/** All that a restore must bring back: odd names, modes, owners, links, empty things, old times, a few MiB of noise. */
export function seedFolder(folder: string): void {
  writeFiles(folder, {
    'database/main.db': randomBytes(3 * 1024 * 1024),
    'database/journal': randomBytes(70_001),
    'logs/app.log': 'a line that compresses well\n'.repeat(20_000),
    'deep/er/and/deeper/still/leaf': 'leaf',
    'bin/tool': '#!/bin/sh\nexit 0\n',
    'private/key': 'only its owner reads this',
    'foreign/owned': 'by another user and group',
    unreadable: 'mode 0000',
    empty: '',
    ...Object.fromEntries(ODD_NAMES.map((name, index) => [`odd/${name}`, `odd name ${String(index)}\n`])),
  });
  mkdirSync(join(folder, 'empty folder'));
  mkdirSync(join(folder, 'shared'));
  symlinkSync('database/main.db', join(folder, 'link'));
  symlinkSync('/nowhere/at all', join(folder, 'dangling'));
  symlinkSync('deep/er', join(folder, 'folder link'));
  lchownSync(join(folder, 'link'), 1000, 1000);
  own(folder, {
    'bin/tool': { mode: 0o4755 },
    private: { mode: 0o700, uid: 1000, gid: 1000 },
    'private/key': { mode: 0o600, uid: 1000, gid: 1000 },
    'foreign/owned': { mode: 0o640, uid: 12_345, gid: 54_321 },
    unreadable: { mode: 0o000 },
    shared: { mode: 0o1777 },
    'empty folder': { mode: 0o2750, gid: 33 },
  });
  utimesSync(join(folder, 'logs/app.log'), new Date('2001-02-03T04:05:06Z'), new Date('2001-02-03T04:05:06Z'));
  utimesSync(join(folder, 'empty'), new Date(0), new Date(0));
}

/** Owner before mode: changing the owner drops the set-id bits. */
function own(folder: string, owners: Readonly<Record<string, Owner>>): void {
  for (const [path, { mode, uid = 0, gid = 0 }] of Object.entries(owners)) {
    chownSync(join(folder, path), uid, gid);
    if (mode !== undefined) chmodSync(join(folder, path), mode);
  }
}
