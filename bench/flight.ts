import { setImmediate as turn } from 'node:timers/promises';
import { right } from 'fp-ts/Either';
import { createAdopter, createExecutors } from '../src/executors';
import { actionIdOf } from '../src/model/action';
import { instantOf } from '../src/model/brand';
import type { Transport } from '../src/model/ports';
import { createConductor } from '../src/reconciler/conduct';
import type { Work } from '../src/reconciler/work';
import { aDevice, aPolicy, aTarget, resolved } from '../test/support/desired';
import { withOpenLedger } from '../test/support/ledger';
import { playedSession, type PlayedSession } from '../test/support/session';
import { settingsOf } from '../test/support/settings';
import { uuidOf } from './fleet';
import { liveMiB, report, residentMiB } from './measure';

const RUNS = 500;
const LINES = 4000;
const LINE = 'x'.repeat(100);

const START = instantOf(Date.UTC(2026, 10, 24));

function workOf(n: number): Work {
  const device = aDevice({ uuid: uuidOf(n), name: `device-${String(n)}` });
  const slot = { kind: 'schedule', at: START } as const;
  const target = resolved(aTarget({ overSsh: false, place: `s3://backups/${device.uuid}` }));
  const action = {
    kind: 'backup',
    id: actionIdOf(device.uuid, 'backup', slot),
    device,
    target: target.value,
    policy: aPolicy({ target }),
    slot,
    dueSince: START,
    attempt: 1,
    mode: 'auto',
  } as const;
  return { kind: 'start', action };
}

/** Every run says so many lines more, a few at a time, as links do. */
async function say(sessions: readonly PlayedSession[], from: number, to: number): Promise<void> {
  for (let line = from; line < to; line += 1) {
    for (const [n, session] of sessions.entries()) session.say(`nonce${String(n)} ${String(line + 1)} o ${LINE}`);
    if (line % 10 === 0) await turn();
  }
  await turn();
}

async function main(): Promise<void> {
  const sessions: PlayedSession[] = [];
  const transport: Transport = {
    name: 'bench',
    open: () => {
      const session = playedSession();
      sessions.push(session);
      return Promise.resolve(right(session));
    },
    close: () => undefined,
  };
  const unused = (): Promise<never> => Promise.reject(new Error('not asked for'));
  const clock = { now: () => START };
  const keys = { fleetKey: unused, credentialFor: unused, isCollector: () => false };
  const tools = {
    transport,
    keys,
    pruneCollector: unused,
    settings: settingsOf(),
    scrub: (text: string) => text,
    clock,
  };
  await withOpenLedger(async (ledger) => {
    let n = 0;
    const conductor = createConductor({
      ledger,
      executors: createExecutors(tools),
      adopter: createAdopter(tools),
      owner: { process: 'bench:1', startedAt: START },
      clock,
      timer: () => () => undefined,
      emit: () => undefined,
      runTimeoutMs: 3_600_000,
      random: () => 0,
      nonce: () => `nonce${String(n++)}`,
    });
    for (let each = 0; each < RUNS; each += 1) void conductor.conduct(workOf(each));
    await turn();
    await say(sessions, 0, LINES / 10);
    const early = liveMiB();
    await say(sessions, LINES / 10, LINES);
    const late = liveMiB();
    const saidMiB = (RUNS * LINES * LINE.length) / 1024 / 1024;
    report({ followed: conductor.followed().size, saidMiB, early, late, resident: residentMiB() });
  });
  process.exit(0);
}

void main();
