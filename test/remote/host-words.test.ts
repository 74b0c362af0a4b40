import { attachScript, cancelScript, type RunName } from '../../src/executors/script';
import { actionIdOf, runIdOf } from '../../src/model/action';
import { instantOf } from '../../src/model/brand';
import { backupScriptOf, NONCE } from '../support/backupscript';
import { aDevice, aPolicy } from '../support/desired';
import { settingsOf } from '../support/settings';
import { StubbedHost } from '../support/stubbedhost';

const device = aDevice();
const slot = { kind: 'schedule', at: instantOf(0) } as const;
const run: RunName = {
  nonce: NONCE,
  runId: runIdOf(actionIdOf(device.uuid, 'backup', slot), 1),
  kind: 'backup',
  slot: '0',
  device: device.uuid,
};

let host: StubbedHost;

beforeEach(() => {
  host = new StubbedHost();
});

afterEach(() => {
  host.remove();
});

const startScript = (): Promise<string> => backupScriptOf(device, aPolicy(), settingsOf());

/** What takes a container's place: it is held as these words say until it is removed. */
function holds(words: string): string {
  return `
case "$1 $*" in
  'inspect '*'{{.Id}}'*) [ -e "$STAGE/removed" ] || echo '${words}'; exit 0 ;;
  'inspect '*'{{.State.Running}} {{.HostConfig'*) echo 'false no'; exit 0 ;;
  'rm '*) : >"$STAGE/removed"; exit 0 ;;
esac
`;
}

test.each([
  { state: 'created', status: 'Created', age: '2 hours ago', isIn: 'the way no longer' },
  { state: 'created', status: 'Created', age: '20 seconds ago', isIn: 'the way' },
  { state: 'exited', status: 'Exited (0) 2 hours ago', age: '3 hours ago', isIn: 'the way no longer' },
  { state: 'exited', status: 'Exited (0) 5 minutes ago', age: '3 hours ago', isIn: 'the way' },
])("another one's container that is $state, $status, $age is in $isIn", async ({ state, status, age, isIn }) => {
  host.engineDoes(`${holds(`c1 ${state} theirs 0ther`)}
case "$1 $*" in
  'ps '*'{{.Status}}'*) echo '${status}'; exit 0 ;;
  'ps '*'{{.RunningFor}}'*) echo '${age}'; exit 0 ;;
esac
`);
  const { told, run: words } = host.play(await startScript());

  expect(told.includes(`${NONCE} - busy theirs`)).toBe(isIn === 'the way');
  expect(words.length > 0).toBe(isIn !== 'the way');
});

test('a run that is cancelled while its image comes does not begin, however long that takes', async () => {
  expect(host.play(cancelScript(run)).told).toBe(`${NONCE} - cancelled\n`);
  const { told, run: words } = host.play(await startScript());

  expect(told).toContain(`${NONCE} - failed cancelled`);
  expect(words).toEqual([]);
});

test.each([
  {
    trouble: 'Conflict. The container name "/balena-backup-run" is already in use by container "c2".',
    says: 'busy unknown',
  },
  { trouble: 'no such device', says: 'failed start docker: Error response from daemon: no such device' },
])('a start that the engine refuses by "$trouble" while nobody shows is $says', async ({ trouble, says }) => {
  host.engineDoes(`
case "$1" in
  run) echo 'docker: Error response from daemon: ${trouble}' >&2; exit 125 ;;
  inspect) exit 1 ;;
esac
`);

  expect(host.play(await startScript()).told).toContain(`${NONCE} - ${says}`);
});

test('a run that another shell has started meanwhile is followed, and not taken away', async () => {
  host.engineDoes(`
case "$1 $*" in
  'run '*) : >"$STAGE/conflict"; echo 'Conflict. The container name is already in use' >&2; exit 125 ;;
  'inspect '*'{{.Id}}'*) if [ -e "$STAGE/conflict" ]; then echo 'c1 exited ours ${NONCE}'; fi; exit 0 ;;
  'inspect '*'{{.State.ExitCode}}'*) echo 'false no 0 false 2026-01-01T00:00:00Z 2026-01-01T00:00:01Z'; exit 0 ;;
  'rm '*) : >"$STAGE/conflict-removed"; echo removed >&2; exit 0 ;;
esac
`);
  const { told } = host.play(await startScript());

  expect(told).toContain(`${NONCE} - ready `);
  expect(told).not.toContain('failed start');
});

test('a run whose container another shell is just making is waited for', () => {
  host.engineDoes(`
case "$1 $*" in
  'inspect '*'{{.Id}}'*)
    echo . >>"$STAGE/looks"
    case $(wc -l <"$STAGE/looks") in
      1) mkdir -p "$STAGE/run/${NONCE}" ;;
      2) echo 'c1 created ours ${NONCE}' ;;
      *) echo 'c1 exited ours ${NONCE}' ;;
    esac
    exit 0 ;;
  'inspect '*'{{.State.ExitCode}}'*) echo 'false no 0 false 2026-01-01T00:00:00Z 2026-01-01T00:00:01Z'; exit 0 ;;
esac
`);

  expect(host.play(attachScript(run)).told).toContain(`${NONCE} - ended 0 false`);
});

test('a run is not gone because the engine was restarted between two looks at it', () => {
  host.engineDoes(`
case "$1 $*" in
  'inspect '*'{{.Id}}'*)
    if [ -e "$STAGE/looked" ]; then echo 'c1 exited ours ${NONCE}'; fi
    : >"$STAGE/looked"
    exit 0 ;;
esac
`);

  expect(host.play(attachScript(run)).told).not.toContain(`${NONCE} - gone`);
});

describe('an engine that hangs', () => {
  beforeEach(() => {
    host.engineDoes('if [ "$1" != run ]; then exec sleep 60; fi');
  });

  test('starts no run, and that is said', async () => {
    const { told, run: words } = host.play(await startScript());

    expect(told).toBe(
      `${NONCE} - failed engine the engine of the device does not answer; if it stays so, restart the device\n`,
    );
    expect(words).toEqual([]);
  });

  test('may have the run, as far as whoever follows it is told', () => {
    expect(host.play(attachScript(run)).told).toBe('');
  });
});
