'use strict';

// What mutants of the pure core are tried against: quick tests alone, as one project, since Stryker cannot see which
// test of several projects has met which mutant.
const { projects } = require('./jest.config.cjs');

const [unit] = projects;
if (unit === undefined) throw new Error('jest.config.cjs has no projects');

module.exports = {
  ...unit,
  displayName: 'mutation',
  runner: '<rootDir>/jest.mutation-runner.cjs',
  setupFiles: ['<rootDir>/test/support/noshrink.ts'],
  testMatch: [
    '<rootDir>/test/unit/**/*.test.ts',
    '<rootDir>/test/streams/**/*.test.ts',
    '<rootDir>/test/properties/{decide,explain,rivals,schedule,scrub,slotbook}.test.ts',
  ],
  testPathIgnorePatterns: [
    '/node_modules/',
    '/test/unit/(?:lab|house|collector|balena|transport|keys|deploy|ledger|log|config|commands|store|executors|doctor|docs|backend-docs|terminal|checks|keycommands|completion|inquiries)[^/]*\\.test\\.ts$',
  ],
};
