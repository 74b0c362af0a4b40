'use strict';

const { existsSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const TestRunner = require('jest-runner').default;

const isSandbox = process.env.STRYKER_MUTATOR_WORKER !== undefined;
const KEPT = join(__dirname, '.test-names.json');

/** By the path of a test file, the names of its tests. Kept in the sandbox for a worker that takes another's place. */
const namesOf = new Map(isSandbox && existsSync(KEPT) ? JSON.parse(readFileSync(KEPT, 'utf8')) : []);

/**
 * Makes a mutant cheap. Stryker names the tests that have met it, but jest loads every file that could import it: here
 * the files that have none of those tests are left out, the quick ones go first, and the first failure ends the run.
 */
module.exports = class MutantRunner extends TestRunner {
  async runTests(tests, watcher, options) {
    const { testNamePattern } = this._globalConfig;
    const off = this.on('test-file-success', ([test, { testResults, numFailingTests }]) => {
      learn(test.path, testResults);
      if (numFailingTests > 0) void watcher.setState({ interrupted: true });
    });
    try {
      await super.runTests(quickFirst(tests.filter(isMeant(testNamePattern))), watcher, options);
    } finally {
      off();
    }
  }
};

function learn(path, results) {
  if (namesOf.has(path) || results.length === 0) return;
  namesOf.set(
    path,
    results.map(({ fullName }) => fullName),
  );
  if (isSandbox) writeFileSync(KEPT, JSON.stringify([...namesOf]));
}

function isMeant(pattern) {
  if (!pattern) return () => true;
  const asked = new RegExp(pattern, 'i');
  return ({ path }) => namesOf.get(path)?.some((name) => asked.test(name)) ?? true;
}

function quickFirst(tests) {
  return [...tests].sort((a, b) => (a.duration ?? 0) - (b.duration ?? 0));
}
