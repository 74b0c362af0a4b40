'use strict';

// What mutants of the pure core are tried against: quick tests alone, as one project, since Stryker cannot see which
// test of several projects has met which mutant.
const { projects } = require('./jest.config.cjs');

const [unit] = projects;
if (unit === undefined) throw new Error('jest.config.cjs has no projects');

module.exports = {
  ...unit,
  displayName: 'mutation',
  testMatch: [
    '<rootDir>/test/unit/**/*.test.ts',
    '<rootDir>/test/streams/**/*.test.ts',
    '<rootDir>/test/properties/{decide,schedule}.test.ts',
  ],
  testPathIgnorePatterns: [
    '/node_modules/',
    '/test/unit/(?:lab|house|collector|balena|transport|keys|deploy|ledger|log|config|commands|store|images?)[^/]*\\.test\\.ts$',
  ],
};
