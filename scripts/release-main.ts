import { join } from 'node:path';
import { release } from './release';

const [version = ''] = process.argv.slice(2);
const problem = release(join(__dirname, '..'), version, new Date().toISOString().slice(0, 10));
process.stdout.write(
  problem === null
    ? `Everything says ${version} now. Look at "git diff", run "npm test", then: git commit -am "Release ${version}" && git tag v${version}\n`
    : `Nothing was changed: ${problem}.\n`,
);
process.exitCode = problem === null ? 0 : 2;
