'use strict';

const TestRunner = require('jest-runner').default;

/** Of each test file that this process has run, the names of its tests. */
const namesOf = new Map();

/**
 * Makes a mutant cheap. Stryker names the tests that have met it, but jest loads every file that could import it: here
 * the files that have none of those tests are left out, the quick ones go first, and the first failure ends the run.
 */
module.exports = class MutantRunner extends TestRunner {
  async runTests(tests, watcher, options) {
    const { testNamePattern } = this._globalConfig;
    const off = this.on('test-file-success', ([test, { testResults, numFailingTests }]) => {
      const names = testResults.map(({ fullName }) => fullName);
      namesOf.set(test.path, new Set([...(namesOf.get(test.path) ?? []), ...names]));
      if (numFailingTests > 0) void watcher.setState({ interrupted: true });
    });
    try {
      await super.runTests(quickFirst(tests.filter(isMeant(testNamePattern))), watcher, options);
    } finally {
      off();
    }
  }
};

function isMeant(pattern) {
  if (!pattern) return () => true;
  const asked = new RegExp(pattern, 'i');
  return ({ path }) => {
    const names = namesOf.get(path);
    return names === undefined || names.size === 0 || [...names].some((name) => asked.test(name));
  };
}

function quickFirst(tests) {
  return [...tests].sort((a, b) => (a.duration ?? 0) - (b.duration ?? 0));
}
