'use strict';

const transform = {
  '^.+\\.ts$': [
    '@swc/jest',
    { swcrc: false, jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } },
  ],
};

const project = (displayName, more = {}) => ({
  displayName,
  rootDir: __dirname,
  roots: ['<rootDir>/test'],
  testMatch: [`<rootDir>/test/${displayName}/**/*.test.ts`],
  testEnvironment: 'node',
  transform,
  moduleFileExtensions: ['ts', 'js', 'cjs', 'json'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  ...more,
});

module.exports = {
  passWithNoTests: true,
  testTimeout: 10_000,
  projects: [
    project('unit'),
    project('streams'),
    project('properties'),
    project('remote'),
    project('simulation'),
    // A project's own time limit can only be set from inside.
    project('e2e', { setupFilesAfterEnv: ['<rootDir>/test/support/patience.ts'] }),
    // Not a part of `npm test`, since they take long: `npm run test:wide`, `test:chaos`, `test:backends`.
    project('wide', { setupFilesAfterEnv: ['<rootDir>/test/support/patience.ts'] }),
    project('chaos', { setupFilesAfterEnv: ['<rootDir>/test/support/patience.ts'] }),
    project('backends', { setupFilesAfterEnv: ['<rootDir>/test/support/patience.ts'] }),
  ],
};
