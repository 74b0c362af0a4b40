import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { isLeft, right } from 'fp-ts/Either';
import type { HandRuns, HandTools } from './commands/byhand';
import { liveRun } from './commands/liverun';
import type { Terminal } from './commands/terminal';
import { type Joined, joinAdapters } from './joined';
import { joinConductor } from './joinedruns';
import { openLedger } from './ledger/ledger';
import { lineOf } from './log/lines';
import { createLog, type Log } from './log/log';
import { type DeviceUuid, type Instant, instantOf } from './model/brand';
import type { Ledger } from './model/ports';
import type { DeviceFacts, RunRecord } from './model/run';
import type { Settings } from './model/settings';
import type { Conductor } from './reconciler/conduct';
import { RENEW_MS } from './reconciler/limits';

/** What runs by hand are joined from; `close` when all is done. */
export interface Hand extends HandTools {
  readonly joined: Joined;
  readonly ledger: Ledger;
  readonly factsOf: (device: DeviceUuid) => DeviceFacts | null;
  /** Takes the lines of Duplicity's output, which are shown as they come otherwise. */
  readonly onOutput: (take: (line: string) => void) => void;
  readonly close: () => Promise<void>;
}

const clock = { now: (): Instant => instantOf(Date.now()) };
const TICK_MS = 1000;

/** Opens what a person's own run needs, has it used, and closes it whatever comes of that. */
export async function withHand(
  settings: Settings,
  terminal: Terminal,
  use: (hand: Hand) => Promise<number>,
): Promise<number> {
  const hand = openHand(settings, terminal);
  try {
    return await use(hand);
  } finally {
    await hand.close();
  }
}

/** Joins what a person's own run needs: the controller's rooms and ledger, with the terminal instead of the log. */
function openHand(settings: Settings, terminal: Terminal): Hand {
  const stop = new AbortController();
  const ledger = openLedger(settings.stateDir);
  const output = outputTo(terminal);
  const live = liveRun({ ...terminal, say: output.take }, () => clock.now());
  const log = terminalLog(settings, terminal, live.show);
  const joined = joinAdapters(settings, log, stop.signal);
  const factsOf = (device: DeviceUuid): DeviceFacts | null => ledger.facts().get(device) ?? null;
  const owner = { process: `${hostname()}:${String(process.pid)}`, startedAt: clock.now() };
  const conductor = joinConductor({ settings, joined, ledger, owner });
  const renewal = setInterval(renewOrTell, RENEW_MS, conductor, terminal).unref();
  const ticking = setInterval(live.tick, TICK_MS).unref();
  return {
    terminal,
    joined,
    ledger,
    factsOf,
    onOutput: output.redirect,
    find: async (meant) => {
      const found = await joined.api.findDevices(meant, stop.signal);
      return isLeft(found) ? found : right(found.right.devices);
    },
    activeRunOf: (device) => ledger.active().find((run) => run.device === device) ?? null,
    runs: handRuns({ conductor, ledger, ready: () => prepared(joined, stop.signal) }),
    onInterrupt,
    pause: (ms) => pause(ms),
    now: () => clock.now(),
    close: async () => {
      clearInterval(renewal);
      clearInterval(ticking);
      joined.transport.close();
      ledger.close();
      await log.close();
    },
  };
}

/** A ledger that cannot be written for a while, such as on a full disk, must not take the view of the run away. */
export function renewOrTell(conductor: Pick<Conductor, 'renew'>, terminal: Pick<Terminal, 'complain'>): void {
  try {
    conductor.renew();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    terminal.complain(`The run goes on, but that it is looked after could not be noted: ${why}.`);
  }
}

interface Output {
  readonly take: (line: string) => void;
  readonly redirect: Hand['onOutput'];
}

function outputTo(terminal: Terminal): Output {
  let taker = (line: string): void => {
    terminal.say(line);
  };
  return {
    take: (line) => {
      taker(line);
    },
    redirect: (take) => {
      taker = take;
    },
  };
}

/** The terminal as a log: what a run says as it happens, of all else what a person should know. */
function terminalLog({ secrets }: Settings, terminal: Terminal, show: Log['emit']): Log {
  const { scrub, close } = createLog({ level: 'error', format: 'text', secrets, write: () => undefined });
  return {
    scrub,
    close,
    emit: (event) => {
      if ('run' in event) {
        show(event);
        return;
      }
      const { level, message } = lineOf(event);
      if (level !== 'debug') terminal.complain(scrub(message));
    },
  };
}

/** The account must know our key, and the collector our authority, also where no controller has run yet. */
async function prepared({ account, keys, emit }: Joined, signal: AbortSignal): Promise<void> {
  await keys.publishCa().catch((error: unknown) => {
    emit({ event: 'config.warned', message: error instanceof Error ? error.message : String(error) });
  });
  const failure = await account.register(signal);
  if (failure !== null) emit({ event: 'credential.refused', who: 'api', failure });
}

interface RunsTools {
  readonly conductor: Conductor;
  readonly ledger: Ledger;
  readonly ready: () => Promise<void>;
}

function handRuns({ conductor, ledger, ready }: RunsTools): HandRuns {
  const record = (device: DeviceUuid, isMeant: (run: RunRecord) => boolean): RunRecord | null =>
    ledger.runsOf(device, 10).find(isMeant) ?? null;
  return {
    start: async (action) => {
      await ready();
      const { uuid } = action.device;
      await conductor.conduct({ kind: 'start', action });
      return record(uuid, ({ actionId }) => actionId === action.id);
    },
    adopt: async (run, device) => {
      await ready();
      await conductor.conduct({ kind: 'adopt', run, device });
      const after = record(device.uuid, ({ runId }) => runId === run.runId);
      return after?.outcome === null && after.owner.process !== '' ? null : after;
    },
    leave: () => {
      conductor.stop();
    },
    cancel: () => {
      conductor.cancel();
    },
  };
}

function onInterrupt(listener: () => void): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}
