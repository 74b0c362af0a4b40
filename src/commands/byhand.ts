import { type Either, isLeft } from 'fp-ts/Either';
import type { Action, ActionKind } from '../model/action';
import type { DeviceUuid, Instant } from '../model/brand';
import { describeFailure } from '../model/describe';
import type { Device } from '../model/device';
import { effectText } from '../model/effecttext';
import type { Failure } from '../model/failure';
import { isLeased } from '../model/lease';
import type { RunRecord } from '../model/run';
import { durationText, instantText } from '../model/shown';
import { exitCodeOf } from './exitcode';
import { chooseDevice, deviceText } from './finddevice';
import { type Refusal, refuse } from './refusal';
import { tookMsOf } from './runtext';
import type { Terminal } from './terminal';

/** The runs of this process. */
export interface HandRuns {
  /** Runs it to its end or until it is left; null when the device has another run. */
  start(action: Action): Promise<RunRecord | null>;
  /** Follows a run that nobody follows; null when somebody does by now. */
  adopt(run: RunRecord, device: Device): Promise<RunRecord | null>;
  /** Leaves the run going on its device. */
  leave(): void;
  /** Ends the run on its device. */
  cancel(): void;
}

/** What a command that runs something by hand needs. */
export interface HandTools {
  readonly terminal: Terminal;
  /** Devices that a text can mean. */
  readonly find: (meant: string) => Promise<Either<Failure, readonly Device[]>>;
  readonly activeRunOf: (device: DeviceUuid) => RunRecord | null;
  readonly runs: HandRuns;
  /** Calls the listener at Ctrl-C and at SIGTERM, until it is taken back. */
  readonly onInterrupt: (listener: () => void) => () => void;
  readonly pause: (ms: number) => Promise<void>;
  readonly now: () => Instant;
}

/** What a person asked for. */
export interface HandOrder {
  /** A UUID, the beginning of one, or a name. */
  readonly meant: string;
  /** Wait for a device that is offline or busy. */
  readonly isPatient: boolean;
  /** The action for the device; asked when it is there and free. */
  readonly actionFor: (device: Device) => Promise<Either<Refusal, Action>>;
  /** What to type to come back to a run that was left. */
  readonly again: string;
  /** A run of this kind that was left on the device is what was asked for; one of another kind is only brought to its end. */
  readonly continues: ActionKind | null;
  /** What to add when the run failed. */
  readonly ifFailed?: (failure: Failure) => string;
  /** The command shows what came of it itself, unless it failed. */
  readonly isQuiet?: boolean;
}

const LOOK_AGAIN_MS = 5000;

/** Finds the device, starts the run and follows it. Gives the exit code. */
export async function runByHand(order: HandOrder, tools: HandTools): Promise<number> {
  const interruption = interruptions(tools);
  try {
    for (;;) {
      const code = await attempted(order, tools, interruption);
      if (code !== BUSY.code || !order.isPatient || interruption.isThere) return code;
      await tools.pause(LOOK_AGAIN_MS);
    }
  } finally {
    tools.runs.leave();
    interruption.end();
    tools.terminal.progress('');
  }
}

/** Another's run may come first, whenever the device is free. */
async function attempted(order: HandOrder, tools: HandTools, interruption: Interruption): Promise<number> {
  const { terminal, runs } = tools;
  const device = await readyDevice(order, tools, interruption);
  if ('code' in device) return refuse(device, terminal);
  const left = tools.activeRunOf(device.uuid);
  if (left !== null && left.kind === order.continues) {
    terminal.complain(`Following run ${left.runId} (${left.kind}), which was left on the device; no other is begun.`);
    return followed(order, tools, interruption, () => runs.adopt(left, device));
  }
  if (left !== null) {
    const run = await runs.adopt(left, device);
    if (run === null || run.outcome === null) return refuse(interruption.isThere ? INTERRUPTED : BUSY, terminal);
  }
  const action = await order.actionFor(device);
  // What is left of an interrupted look at the device is not why.
  if (isLeft(action)) return refuse(interruption.isThere ? INTERRUPTED : action.left, terminal);
  return followed(order, tools, interruption, () => runs.start(action.right));
}

interface Interruption {
  /** Whether a person has interrupted. */
  readonly isThere: boolean;
  end(): void;
}

/** Ctrl-C: whether the run goes on, on the device, or ends there is asked once; where nobody can answer it goes on. */
function interruptions({ terminal, runs, onInterrupt }: HandTools): Interruption {
  let isThere = false;
  const take = async (): Promise<void> => {
    if (isThere) {
      runs.leave();
      return;
    }
    isThere = true;
    const answer = terminal.canAsk
      ? await terminal.ask('Leave the run going on the device [Enter], or stop it there [s]? ')
      : null;
    if (answer?.trim().toLowerCase().startsWith('s') === true) runs.cancel();
    else runs.leave();
  };
  const end = onInterrupt(() => {
    void take();
  });
  return {
    get isThere() {
      return isThere;
    },
    end,
  };
}

/** The device that is meant, when it is connected and no other run is followed on it. */
async function readyDevice(
  { meant, isPatient }: HandOrder,
  tools: HandTools,
  interruption: Interruption,
): Promise<Device | Refusal> {
  for (;;) {
    const found = await tools.find(meant);
    if (isLeft(found)) return { code: 1, message: `${describeFailure(found.left)}.` };
    const chosen = chooseDevice(meant, found.right);
    if (isLeft(chosen)) return { code: 2, message: chosen.left };
    const reason = waitReason(chosen.right, tools);
    if (reason === null) return chosen.right;
    if (!isPatient)
      return { ...reason, message: `${reason.message} Nothing was started; with --wait it is waited for.` };
    if (interruption.isThere) return INTERRUPTED;
    tools.terminal.progress(`${reason.message} Waiting.`);
    await tools.pause(LOOK_AGAIN_MS);
  }
}

function waitReason(device: Device, { activeRunOf, now }: HandTools): Refusal | null {
  const name = deviceText(device);
  const active = activeRunOf(device.uuid);
  if (active !== null && isLeased(active, now())) {
    const since = instantText(active.startedAt);
    return { code: 4, message: `${name} is busy with run ${active.runId} (${active.kind}) since ${since}.` };
  }
  return device.connected ? null : { code: 3, message: `${name} is not connected to balena.` };
}

async function followed(
  order: HandOrder,
  { terminal }: HandTools,
  interruption: Interruption,
  begin: () => Promise<RunRecord | null>,
): Promise<number> {
  const run = await begin();
  terminal.progress('');
  if (run === null) return refuse(interruption.isThere ? INTERRUPTED : BUSY, terminal);
  if (run.outcome !== null) return told(run, terminal, order);
  const how = `It goes on, on the device. See the controller's log for what comes of it, or come back to it with "${order.again}".`;
  return refuse({ code: interruption.isThere ? 130 : 3, message: `${whyLeft(run, interruption)} ${how}` }, terminal);
}

function whyLeft({ runId, owner }: RunRecord, { isThere }: Interruption): string {
  if (isThere) return `Left run ${runId}.`;
  // A run that we have left has no owner.
  return owner.process === ''
    ? `Lost the link to run ${runId}.`
    : `Another process (${owner.process}) has taken up run ${runId}.`;
}

const INTERRUPTED = { code: 130, message: 'Interrupted; nothing was started.' };
const BUSY = {
  code: 4,
  message: 'The device has got another run in the meantime. Try again when that has ended, or with --wait.',
};

/** Says what came of a run that has ended. */
function told(
  run: RunRecord,
  terminal: Terminal,
  { isQuiet = false, ifFailed = () => '' }: Pick<HandOrder, 'isQuiet' | 'ifFailed'>,
): number {
  const { outcome } = run;
  if (outcome === null) throw new TypeError('only a run that has ended is told');
  const tookMs = tookMsOf(run) ?? 0;
  if (outcome.kind === 'succeeded') {
    if (!isQuiet) terminal.say(`${effectText(outcome.effect, tookMs)}.`);
    return 0;
  }
  const more = ifFailed(outcome.failure);
  terminal.complain(`Failed after ${durationText(tookMs)}: ${describeFailure(outcome.failure)}.${more}`);
  return exitCodeOf(outcome.failure);
}
