import { setImmediate as turn } from 'node:timers/promises';
import { right } from 'fp-ts/Either';
import { keepHeapSmall } from '../src/heap';
import { createLog } from '../src/log/log';
import { openLedger } from '../src/ledger/ledger';
import { type Instant, instantOf } from '../src/model/brand';
import { createResolver } from '../src/model/resolve';
import { FleetReader } from '../src/reconciler/fleetview';
import { createPass, type Pass } from '../src/reconciler/pass';
import { slotBook } from '../src/reconciler/slotbook';
import { given, policyDefaultsOf, settingsOf } from '../test/support/settings';
import { giveHistory, readFleet } from './fleet';
import { cpuMsOf, liveMiB, median, report, residentMiB } from './measure';

const [count = '10000', stateDir = '', step = 'measure'] = process.argv.slice(2);
const SCHEDULE = '0 0 * * *';
/** An hour of passes: so long it takes until what they leave behind has been cleared away. */
const ROUNDS = 60;
const DEVICES = Number(count);
const signal = new AbortController().signal;
const YESTERDAY = Date.UTC(2026, 10, 23);
const DAY = 86_400_000;

/** What the controller has loaded when it works, whether or not the passes themselves need it. */
async function loadAll(): Promise<void> {
  await Promise.all([import('../src/controller.js'), import('balena-sdk'), import('ssh2')]);
}

interface Bench {
  readonly pass: Pass;
  readonly at: (ms: number) => void;
  /** Whether what passes tell becomes lines of the log. */
  readonly tell: (isTold: boolean) => void;
}

function startBench(): Bench {
  const ledger = openLedger(stateDir);
  const log = createLog({ level: 'info', format: 'json', secrets: [], write: () => undefined });
  let isTold = true;
  let round = 0;
  let now: Instant = instantOf(YESTERDAY - 3_600_000);
  const settings = settingsOf({
    defaults: policyDefaultsOf({ url: given('BACKUP_URL', 'rsync://root@collector:54321//backups/$UUID') }),
    maxConcurrentRuns: 500,
  });
  const pass = createPass({
    fleet: new FleetReader({
      api: {
        readDevices: (_, share) => {
          round += 1;
          return Promise.resolve(right(readFleet(DEVICES, { schedule: SCHEDULE, round }, share)));
        },
      },
      register: () => Promise.resolve(null),
      emit: () => undefined,
      intervalMs: 60_000,
    }),
    ledger,
    resolve: createResolver(settings),
    limits: { maxConcurrentRuns: 500, startingDeadlineMs: null },
    runTimeoutMs: settings.runTimeoutMs,
    slots: slotBook(),
    followed: () => new Map(),
    clearing: () => new Set(),
    clock: { now: () => now },
    emit: (event) => {
      if (isTold) log.emit(event);
    },
  });
  return {
    pass,
    at: (ms) => {
      now = instantOf(ms);
    },
    tell: (wanted) => {
      isTold = wanted;
    },
  };
}

/** The first pass of a fleet, in a process of its own, so that what it takes is not counted in what comes after. */
async function prepare(): Promise<void> {
  await loadAll();
  keepHeapSmall();
  await startBench().pass('start', signal);
  report({ resident: residentMiB() });
  giveHistory(stateDir, DEVICES, YESTERDAY);
}

async function measure(): Promise<void> {
  await loadAll();
  keepHeapSmall();
  const base = residentMiB();
  const { pass, at, tell } = startBench();
  at(YESTERDAY + 3_600_000);
  const first = await cpuMsOf(() => pass('start', signal));
  const quiet: number[] = [];
  const reading: number[] = [];
  for (let n = 1; n <= ROUNDS; n += 1) {
    at(YESTERDAY + 3_600_000 + n * 60_000);
    quiet.push(await cpuMsOf(() => pass('wake', signal)));
    reading.push(await cpuMsOf(() => pass('interval', signal)));
  }
  at(YESTERDAY + DAY);
  tell(false);
  const due = await cpuMsOf(() => pass('wake', signal));
  // Once more, with a line for each device that has to wait: that is work of the log, and memory of the process.
  tell(true);
  for (const ms of [DAY - 3_600_000, DAY]) {
    at(YESTERDAY + ms);
    await pass('wake', signal);
    await turn();
  }
  report({
    base,
    first,
    quiet: median(quiet),
    reading: median(reading),
    due,
    resident: residentMiB(),
    live: liveMiB(),
  });
}

void (step === 'prepare' ? prepare() : measure());
