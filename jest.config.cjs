'use strict';

const transform = {
  '^.+\\.ts$': [
    '@swc/jest',
    { swcrc: false, jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } },
  ],
};

const project = (displayName, testTimeout) => ({
  displayName,
  testTimeout,
  rootDir: __dirname,
  roots: ['<rootDir>/test'],
  testMatch: [`<rootDir>/test/${displayName}/**/*.test.ts`],
  testEnvironment: 'node',
  transform,
  moduleFileExtensions: ['ts', 'js', 'cjs', 'json'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
});

module.exports = {
  passWithNoTests: true,
  projects: [
    project('unit', 10_000),
    project('streams', 10_000),
    project('properties', 10_000),
    project('e2e', 300_000),
  ],
};
