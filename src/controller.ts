import { hostname } from 'node:os';
import {
  asyncScheduler,
  defer,
  fromEvent,
  interval,
  lastValueFrom,
  map,
  merge,
  type Observable,
  of,
  share,
  startWith,
  Subject,
  switchMap,
  take,
  takeUntil,
  tap,
  timer,
} from 'rxjs';
import { beat } from './heartbeat';
import { type Joined, joinAdapters } from './joined';
import { joinConductor } from './joinedruns';
import { openLedger } from './ledger/ledger';
import { lockState } from './ledger/lock';
import { type Instant, instantOf } from './model/brand';
import type { EventSink } from './model/event';
import type { Ledger } from './model/ports';
import { resolveDesired } from './model/resolve';
import type { RunOwner } from './model/run';
import type { Settings } from './model/settings';
import type { Conductor, Work } from './reconciler/conduct';
import { dispatched$ } from './reconciler/dispatch';
import { type Cause, FleetReader } from './reconciler/fleetview';
import { RENEW_MS } from './reconciler/limits';
import { passes$ } from './reconciler/loop';
import { createOthersRuns } from './reconciler/othersruns';
import { createPass, type Pass } from './reconciler/pass';
import { slotBook } from './reconciler/slotbook';
import { fromAbortable } from './reconciler/streams';
import { version } from './version';

const clock = { now: (): Instant => instantOf(Date.now()) };
/** Less than the ten seconds after which whoever stops us would kill us. */
const GRACE_MS = 8000;

/**
 * The controller: runs until SIGTERM or SIGINT. Gives the exit code: 0 when it was stopped, 2 where another controller has
 * the STATE_DIR. Throws a LedgerError, in words for people, when the ledger cannot be used.
 */
export async function runController(settings: Settings): Promise<number> {
  const lock = lockState(settings.stateDir);
  if ('heldBy' in lock) return refused(settings, lock.heldBy.pid);
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
  const all$ = running$({ settings, conductor, pass: passOf(parts, conductor), stop$, stopSignal: stop.signal });
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
    resolve: (devices) => resolveDesired(devices, settings),
    limits: { maxConcurrentRuns, startingDeadlineMs },
    runTimeoutMs,
    slots: slotBook(),
    followed: () => conductor.followed(),
    clock,
    emit,
  });
  return (cause, signal) => {
    tellOthersRuns();
    return pass(cause, signal);
  };
}

interface Running {
  readonly settings: Settings;
  readonly conductor: Conductor;
  readonly pass: Pass;
  readonly stop$: Observable<unknown>;
  readonly stopSignal: AbortSignal;
}

/** Passes and their work, and the leases beside them. Ends after `stop$`, when all work has been put down. */
function running$({ settings, conductor, pass, stop$, stopSignal }: Running): Observable<unknown> {
  const ended$ = new Subject<Cause>();
  const causes$ = merge(
    of<Cause>('start'),
    interval(settings.reconcileIntervalMs).pipe(map((): Cause => 'interval')),
    fromEvent(process, 'SIGHUP').pipe(map((): Cause => 'signal')),
    ended$,
  ).pipe(takeUntil(stop$));
  const answers$ = passes$({
    causes$,
    pass: (cause) => fromAbortable((signal) => pass(cause, AbortSignal.any([signal, stopSignal]))),
    scheduler: asyncScheduler,
  });
  const conducted$ = (work: Work): Observable<void> =>
    defer(() => conductor.conduct(work)).pipe(
      tap(() => {
        ended$.next('run-ended');
      }),
    );
  const leases$ = interval(RENEW_MS).pipe(
    startWith(0),
    takeUntil(stop$),
    tap(() => {
      conductor.renew();
      if (settings.heartbeat !== null) beat(settings.heartbeat);
    }),
  );
  return merge(dispatched$(answers$, conducted$, settings.maxConcurrentRuns), leases$);
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
