'use strict';

const room = (name, allowed) => ({
  name: `${name}-imports-only-what-it-may`,
  severity: 'error',
  comment: `src/${name} imports only: ${['itself', ...allowed].join(', ')} (ARCHITECTURE.md)`,
  from: { path: `^src/${name}/` },
  to: { path: '^src/', pathNot: [name, ...allowed].map((each) => `^src/${each}/`) },
});

const only = (package_, where) => ({
  name: `${package_}-has-one-importer`,
  severity: 'error',
  comment: `${package_} is imported in ${where} only`,
  from: { path: '^src/', pathNot: where },
  to: { path: `(^|/)node_modules/${package_}(/|$)` },
});

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    room('model', []),
    ...['reconciler', 'executors', 'balena', 'transport', 'ledger', 'log', 'keys', 'store', 'checks', 'commands'].map(
      (name) => room(name, ['model']),
    ),
    only('balena-sdk', '^src/balena/'),
    only('ssh2', '^src/transport/'),
    only('winston', '^src/log/'),
    only('croner', '^src/model/schedule\\.ts$'),
    only('rxjs', '^src/(reconciler/(loop|dispatch|running|streams)|main|controller|rooms)\\.ts$'),
    {
      name: 'sqlite-has-one-importer',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/ledger/' },
      to: { path: '^(node:)?sqlite$' },
    },
    {
      name: 'fp-ts-by-subpath',
      severity: 'error',
      comment: 'the whole of fp-ts takes 88 ms to load, a subpath 13',
      from: { path: '^src/' },
      to: { path: 'node_modules/fp-ts/(lib/)?index\\.(js|d\\.ts)$' },
    },
    { name: 'collector-stands-alone', severity: 'error', from: { path: '^collector/' }, to: { path: '^src/' } },
    { name: 'src-knows-no-tests', severity: 'error', from: { path: '^src/' }, to: { path: '^(test|scripts)/' } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['require', 'node', 'types'] },
  },
};
