import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseLine } from '../../src/executors/records';

const SCRIPT = join(__dirname, '..', '..', 'src', 'executors', 'device', 'restore.sh');

/** What a restore of one member says whose entries are counted by this function of the shell. */
function restored(counting: string): string {
  const around = `
NONCE=n0nce WORK=/nowhere
. "${SCRIPT}"
python3() { ${counting}; }
duplicity_with() { :; }
is_old_duplicity() { return 1; }
iso() { :; }
listed() { echo "$*"; }
refuse() { echo "refused $*"; exit; }
restore_member data /nowhere
echo whole
`;
  return spawnSync('sh', ['-c', around], { encoding: 'utf8' }).stdout;
}

test.each([
  { name: 'all is there', counting: 'echo 5', says: 'whole\n' },
  {
    name: 'some is missing',
    counting: 'if [ "$2" = entries ]; then echo 4; else echo 5; fi',
    says: 'refused not-whole 4 5\n',
  },
  { name: 'what is there cannot be counted', counting: '[ "$2" = count ] && echo 5', says: 'refused not-whole 0 5\n' },
])('a restore is whole only where that was counted: $name', ({ counting, says }) => {
  expect(restored(counting)).toBe(says);
});

test('a restore is heard however often its container was started again', () => {
  expect(parseLine('n0nce', 'n0nce 1000000001 c result {}')).toMatchObject({ from: 'control', word: 'result' });
});
