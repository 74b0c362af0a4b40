import { hostname } from 'node:os';
import {
  asyncScheduler,
  fromEvent,
  interval,
  lastValueFrom,
  map,
  merge,
  type Observable,
  share,
  startWith,
  switchMap,
  take,
  takeUntil,
  tap,
  timer,
} from 'rxjs';
import { keepHeapSmall } from './heap';
import { beat } from './heartbeat';
import { type Joined, joinAdapters } from './joined';
import { joinConductor } from './joinedruns';
import { openLedger } from './ledger/ledger';
import { lockState } from './ledger/lock';
import { type Instant, instantOf } from './model/brand';
import type { EventSink } from './model/event';
import type { Ledger } from './model/ports';
import { createResolver } from './model/resolve';
import type { RunOwner } from './model/run';
import type { Settings } from './model/settings';
import type { Conductor } from './reconciler/conduct';
import { FleetReader } from './reconciler/fleetview';
import { RENEW_MS } from './reconciler/limits';
import { createOthersRuns } from './reconciler/othersruns';
import { createPass, type Pass } from './reconciler/pass';
import { running$ } from './reconciler/running';
import { slotBook } from './reconciler/slotbook';
import { version } from './version';

const clock = { now: (): Instant => instantOf(Date.now()) };
/** Less than the ten seconds after which whoever stops us would kill us. */
const GRACE_MS = 8000;

/**
 * The controller: runs until SIGTERM or SIGINT. Gives the exit code: 0 when it was stopped, 2 where another controller has
 * the STATE_DIR. Throws a LedgerError, in words for people, when the ledger cannot be used.
 */
export async function runController(settings: Settings): Promise<number> {
  // Whoever asks for a pass from when our pid is known on gets the first one; unheard, the signal would end us.
  process.on('SIGHUP', () => undefined);
  const lock = lockState(settings.stateDir);
  if ('heldBy' in lock) return refused(settings, lock.heldBy.pid);
  keepHeapSmall();
  const ledger = openLedger(settings.stateDir);
  const stop = new AbortController();
  const joined = joinAdapters(settings, undefined, stop.signal);
  const owner: RunOwner = { process: `${hostname()}:${String(process.pid)}`, startedAt: clock.now() };
  try {
    const code = await controlled({ settings, ledger, joined, owner, stop });
    joined.emit({ event: 'process.stopped', code });
    return code;
  } finally {
    joined.transport.close();
    ledger.close();
    lock.release();
    await joined.log.close();
  }
}

function refused({ stateDir }: Settings, pid: number): number {
  const who = pid === 0 ? 'another controller' : `another controller (process ${String(pid)})`;
  process.stderr.write(
    `${who} runs on STATE_DIR ${stateDir} already. Stop it, or give this one a STATE_DIR of its own.\n`,
  );
  return 2;
}

interface Parts {
  readonly settings: Settings;
  readonly ledger: Ledger;
  readonly joined: Joined;
  readonly owner: RunOwner;
  readonly stop: AbortController;
}

async function controlled(parts: Parts): Promise<number> {
  const { settings, ledger, joined, stop } = parts;
  const { emit, keys } = joined;
  emit({ event: 'process.started', version, pid: process.pid, stateDir: settings.stateDir });
  for (const message of settings.warnings) emit({ event: 'config.warned', message });
  const orphans = ledger.active().length;
  if (orphans > 0) emit({ event: 'ledger.recovered', orphans });
  // The collector can let devices in as soon as it has read our public key.
  await keys.publishCa().catch((error: unknown) => {
    emit({ event: 'config.warned', message: error instanceof Error ? error.message : String(error) });
  });
  const conductor = joinConductor(parts);
  const stop$ = stopping$({ conductor, ledger, stop, emit });
  const grace$ = stop$.pipe(switchMap(() => timer(GRACE_MS)));
  const passing$ = running$({
    conductor,
    pass: passOf(parts, conductor),
    signals$: fromEvent(process, 'SIGHUP'),
    stop$,
    stopSignal: stop.signal,
    intervalMs: settings.reconcileIntervalMs,
    maxConcurrentRuns: settings.maxConcurrentRuns,
    scheduler: asyncScheduler,
  });
  const all$ = merge(passing$, leases$(parts, conductor).pipe(takeUntil(stop$)));
  await lastValueFrom(all$.pipe(takeUntil(grace$)), { defaultValue: null });
  return 0;
}

function passOf({ settings, ledger, joined, owner }: Parts, conductor: Conductor): Pass {
  const { api, account, emit } = joined;
  const { maxConcurrentRuns, startingDeadlineMs, runTimeoutMs, reconcileIntervalMs } = settings;
  const tellOthersRuns = createOthersRuns({ ledger, owner, emit });
  const pass = createPass({
    fleet: new FleetReader({
      api,
      register: (signal) => account.register(signal),
      emit,
      intervalMs: reconcileIntervalMs,
    }),
    ledger,
    resolve: createResolver(settings),
    limits: { maxConcurrentRuns, startingDeadlineMs },
    runTimeoutMs,
    slots: slotBook(),
    followed: () => conductor.followed(),
    clearing: () => conductor.clearing(),
    clock,
    emit,
  });
  return (cause, signal) => {
    tellOthersRuns();
    return pass(cause, signal);
  };
}

/** Keeps the runs that we follow ours, and says that we are alive. */
function leases$({ settings }: Parts, conductor: Conductor): Observable<unknown> {
  return interval(RENEW_MS).pipe(
    startWith(0),
    tap(() => {
      conductor.renew();
      if (settings.heartbeat !== null) beat(settings.heartbeat);
    }),
  );
}

interface Stopping {
  readonly conductor: Conductor;
  readonly ledger: Ledger;
  readonly stop: AbortController;
  readonly emit: EventSink;
}

/** The first signal that ends us: runs are left going on their devices. A second one ends the process at once. */
function stopping$({ conductor, ledger, stop, emit }: Stopping): Observable<unknown> {
  const signals = (['SIGTERM', 'SIGINT'] as const).map((name) => fromEvent(process, name).pipe(map(() => name)));
  return merge(...signals).pipe(
    take(1),
    tap((signal) => {
      emit({ event: 'process.stopping', signal, activeRuns: ledger.active().length });
      stop.abort();
      conductor.stop();
    }),
    share(),
  );
}
