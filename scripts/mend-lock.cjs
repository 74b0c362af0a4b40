'use strict';

// A registry may lack binaries for platforms that are not ours; `npm install` then leaves them out of the lock file and
// `npm ci` refuses the lock as out of sync. This adds them, without integrity: npm skips what is for another platform.
// Run it after `npm install`.
const { readFileSync, writeFileSync } = require('node:fs');

const CPUS = ['x64', 'arm64', 'arm', 'ia32', 'ppc64', 's390x', 'loong64', 'riscv64', 'wasm32'];
const SYSTEMS = ['darwin', 'linux', 'win32', 'android', 'freebsd', 'openharmony'];

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const added = {};
for (const parent of Object.values(lock.packages)) {
  for (const [name, range] of Object.entries(parent.optionalDependencies ?? {})) {
    const place = `node_modules/${name}`;
    const parts = name.split('-');
    const os = SYSTEMS.find((each) => parts.includes(each));
    const cpu = CPUS.find((each) => parts.includes(each));
    if (lock.packages[place] !== undefined || os === undefined || cpu === undefined) continue;
    added[place] = {
      version: range.replace(/^[~^]/, ''),
      cpu: [cpu],
      dev: true,
      license: 'MIT',
      optional: true,
      os: [os],
    };
  }
}
const entries = Object.entries({ ...lock.packages, ...added }).sort(([a], [b]) => (a < b ? -1 : 1));
lock.packages = Object.fromEntries(entries);
writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`);
process.stdout.write(`${String(Object.keys(added).length)} entries added\n`);
