import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const sizes = (maxLines, perFunction) => ({
  'max-lines': ['error', { max: maxLines }],
  'max-lines-per-function': perFunction === null ? 'off' : ['error', { max: perFunction }],
  complexity: ['error', 10],
  'max-depth': ['error', 3],
  'max-params': ['error', 4],
});

const environment = {
  object: 'process',
  property: 'env',
  message: 'Only src/config.ts reads the environment: take what you need as an argument.',
};

const signals = {
  object: 'AbortSignal',
  property: 'any',
  message: 'Node.js 22 keeps what it makes for as long as one of its sources lives: see untilAborted.',
};

const clockAndRandom = [
  { object: 'Date', property: 'now', message: 'The pure core has no clock: take `now` as an argument.' },
  { object: 'Math', property: 'random', message: 'The pure core has no random: take it as an argument.' },
];

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', '.stryker-tmp/', 'reports/', 'node_modules/', '**/*.cjs', '**/*.mjs'] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      ...sizes(400, null),
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: false, allowDefaultCaseForExhaustiveSwitch: true },
      ],
      '@typescript-eslint/explicit-function-return-type': ['error', { allowExpressions: true }],
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      ...sizes(250, 40),
      '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'never' }],
      'no-console': 'error',
      'no-restricted-properties': ['error', environment],
    },
  },
  {
    files: ['src/controller.ts', 'src/reconciler/{loop,dispatch,running,streams}.ts'],
    rules: { 'no-restricted-properties': ['error', environment, signals] },
  },
  { files: ['src/config.ts'], rules: { 'no-restricted-properties': 'off' } },
  {
    files: ['src/model/**/*.ts', 'src/reconciler/**/*.ts'],
    ignores: ['src/reconciler/{loop,dispatch,running,streams,conduct}.ts'],
    rules: {
      'no-restricted-properties': ['error', environment, ...clockAndRandom],
      'no-restricted-globals': ['error', 'setTimeout', 'setInterval', 'setImmediate'],
      'no-restricted-syntax': [
        'error',
        { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: 'The pure core has no clock.' },
      ],
    },
  },
);
