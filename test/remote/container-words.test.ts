import { existsSync, writeFileSync } from 'node:fs';
import { instantOf } from '../../src/model/brand';
import { backupScriptOf } from '../support/backupscript';
import { aDevice, aPolicy } from '../support/desired';
import { settingsOf } from '../support/settings';
import { StubbedHost } from '../support/stubbedhost';

const COMMAND = `rsync -e 'ssh -p 54321 -oBatchMode=yes ${'-oServerAliveInterval=15 '.repeat(30)}' /tmp/x root@host:/x`;

let host: StubbedHost;

beforeEach(() => {
  host = new StubbedHost();
});

afterEach(() => {
  host.remove();
});

/** What a failed run reports after Duplicity left this record. */
async function wordsOf(record: string): Promise<string> {
  host.failBy(50, record);
  const { said } = host.play(await backupScriptOf(aDevice(), aPolicy(), settingsOf()));
  return /"words":"([^"]*)"/.exec(said)?.[1] ?? said;
}

test('the reason that a program of the backend gave is told, however long its command was', async () => {
  const words = await wordsOf(
    `NOTICE 1\n. hello\n\nERROR 50 put\n. Giving up after 1 attempts. BackendException: Error running '${COMMAND}': returned 12, with output:\n. \n. collector: refused: quota exceeded: this device has stored 2 bytes and may store 1 (COLLECTOR_QUOTA)\n. rsync: connection unexpectedly closed\n. \n\n`,
  );

  expect(words).toContain('returned 12, with output: collector: refused: quota exceeded');
  expect(words).not.toContain('ServerAliveInterval');
});

test('a reason of one line is told as it is', async () => {
  expect(await wordsOf('ERROR 30 X\n. AssertionError: time not moving forward\n\n')).toBe(
    'AssertionError: time not moving forward ',
  );
});

test('of an exception with all the places that it went through only the exception is told', async () => {
  const places = '.   File "/usr/lib/python3/dist-packages/x.py", line 314, in run\n.     response = self.request(\n';
  const record = `ERROR 30 Unauthorized\n. Traceback (innermost last):\n${places.repeat(9)}.  b2sdk.Unauthorized:  (unauthorized)\n. \n\n`;

  expect((await wordsOf(record)).trim()).toBe('b2sdk.Unauthorized:  (unauthorized)');
});

describe("a device whose clock is ahead of the controller's by more than a day and the time limit", () => {
  const settings = { ...settingsOf(), runTimeoutMs: 3_600_000 };

  test.each([
    { aheadMs: 25.1 * 3_600_000, says: '"kind":"clock-ahead"' },
    { aheadMs: 24.9 * 3_600_000, says: '"step":"' },
  ])('stores nothing: $aheadMs ms', async ({ aheadMs, says }) => {
    const startedAt = instantOf(Math.floor(Date.now() - aheadMs));
    const { said } = host.play(await backupScriptOf(aDevice(), aPolicy(), settings, startedAt));

    expect(said).toContain(says);
  });
});

describe('Duplicity, and what it has started, is ended', () => {
  const minute = { runTimeoutMs: 60_000, stallTimeoutMs: 60_000 };

  test.each([
    { name: 'when nothing moves', limits: { ...minute, stallTimeoutMs: 5000 }, record: '', limit: 'stall' },
    { name: 'when the run takes too long', limits: { ...minute, runTimeoutMs: 3000 }, record: '', limit: 'run' },
    {
      name: 'when it hangs after it has said what is wrong',
      limits: { ...minute, stallTimeoutMs: 600_000 },
      record: 'ERROR 1\n. No space left on device\n\n',
      limit: 'error',
    },
  ])(
    '$name',
    async ({ limits, record, limit }) => {
      host.hang(record);
      const { said } = host.play(await backupScriptOf(aDevice(), aPolicy(), { ...settingsOf(), ...limits }));

      expect(said).toContain(`"limit":"${limit}"`);
    },
    30_000,
  );
});

test('a link that is only kept open is no progress', async () => {
  host.hang('');
  host.talk(1500);
  const limits = { runTimeoutMs: 600_000, stallTimeoutMs: 60_000 };
  const { said } = host.play(await backupScriptOf(aDevice(), aPolicy(), { ...settingsOf(), ...limits }));

  expect(said).toContain('"limit":"stall"');
}, 30_000);

test('a slow transfer is progress', async () => {
  host.hang('');
  host.talk(5000);
  const limits = { runTimeoutMs: 5000, stallTimeoutMs: 10_000 };
  const { said } = host.play(await backupScriptOf(aDevice(), aPolicy(), { ...settingsOf(), ...limits }));

  expect(said).toContain('"limit":"run"');
}, 30_000);

test('a result is a line of its own, also behind words that were cut off', async () => {
  host.failBy(0, '');
  host.say('Are you sure (yes/no)? ');
  const { said } = host.play(await backupScriptOf(aDevice(), aPolicy(), settingsOf()));

  expect(said).toMatch(/^n0nce \d+ o Are you sure \(yes\/no\)\? $/m);
  expect(said).toMatch(/^n0nce \d+ c result \{/m);
});

test("locks that a killed run left in the home of GnuPG are nobody's", async () => {
  const locks = ['gnupg_spawn_agent_sentinel.lock', '.#lk0x0000aaab.0123456789ab.7'].map((name) => host.gnupg(name));
  for (const path of locks) writeFileSync(path, '         7\n0123456789ab\n');
  writeFileSync(host.gnupg('pubring.kbx'), '');
  host.play(await backupScriptOf(aDevice(), aPolicy(), settingsOf()));

  expect(locks.filter((path) => existsSync(path))).toEqual([]);
  expect(existsSync(host.gnupg('pubring.kbx'))).toBe(true);
});

describe('an image that does not come', () => {
  test.each([
    {
      what: 'fails',
      engine: `
case "$1 $2" in
  'pull --quiet') echo 'no route to the registry' >&2; exit 1 ;;
  'image inspect') exit 1 ;;
esac
`,
      told: 'failed image-unavailable no route to the registry',
    },
    {
      what: 'stops',
      engine: `
if [ -e "$STAGE/stopped" ]; then echo 'Cannot connect to the daemon'; exit 1; fi
if [ "$1" = pull ]; then : >"$STAGE/stopped"; echo 'unexpected EOF' >&2; exit 1; fi
`,
      told: 'failed engine its engine does not answer any more: unexpected EOF',
    },
  ])('because the engine $what', async ({ engine, told }) => {
    host.engineDoes(engine);
    const played = host.play(await backupScriptOf(aDevice(), aPolicy(), settingsOf()));

    expect(played.told).toContain(told);
    expect(played.run).toEqual([]);
  });
});
