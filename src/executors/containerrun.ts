import { setTimeout as pause } from 'node:timers/promises';
import { isLeft } from 'fp-ts/Either';
import type { Instant } from '../model/brand';
import type { Device } from '../model/device';
import type { RunRef } from '../model/event';
import type { Failure } from '../model/failure';
import type { RunContext, Session, Transport } from '../model/ports';
import type { Outcome } from '../model/run';
import { bytesText } from '../model/shown';
import { cancelWhenWanted, type Cancelling } from './cancel';
import { type Ended, type Evidence, outcomeOf } from './classify';
import { RunTalk, type TalkEnd } from './follow';

export type Succeeded = Extract<Ended, { readonly kind: 'succeeded' }>;

/** What a run over a device's shell needs of the world. */
export interface RunMeans {
  readonly transport: Transport;
  readonly scrub: (text: string) => string;
  readonly clock: { now(): Instant };
  /** Pauses before each new try to reach a run whose link was lost. */
  readonly reconnectPausesMs: readonly number[];
}

/** One run in the device's container: how it is begun or joined, and how its end is judged. */
export interface ContainerRun {
  readonly run: RunRef;
  readonly device: Device;
  readonly context: RunContext;
  /** Starts it where it is not there. Null for an adopter, which never starts anything. */
  readonly startScript: string | null;
  readonly attachScript: string;
  readonly cancelScript: string;
  /** Done once it has succeeded, before the result is committed: gives the outcome with what came of it. */
  readonly afterwards: ((succeeded: Succeeded) => Promise<Succeeded>) | null;
  readonly judge: Pick<Evidence, 'image' | 'deviceLocal' | 'runTimeoutMs' | 'stallTimeoutMs'>;
}

/** Carries a run to its end, over new links where one is lost. The run on the device goes on whatever becomes of us. */
export async function carryOut(order: ContainerRun, means: RunMeans): Promise<Outcome> {
  const cancelling = cancelWhenWanted(order, means);
  const course: Course = {
    talk: talkOf(order, means, cancelling),
    mayRun: order.startScript === null,
    outcome: null,
    failure: null,
  };
  try {
    await followed(order, means, course);
  } finally {
    cancelling.release();
  }
  return course.outcome ?? leftOver(order, course);
}

async function followed(order: ContainerRun, means: RunMeans, course: Course): Promise<void> {
  const { signal, cancelled, advance } = order.context;
  for (const pauseMs of [0, ...means.reconnectPausesMs]) {
    if (!(await paused(pauseMs, signal)) || (cancelled.aborted && !course.mayRun)) return;
    advance(course.mayRun ? 'collecting' : 'connecting');
    if (await attempted(order, means, course)) return;
    // What was not reached at all is the reconciler's to try again.
    if (!course.mayRun && course.failure !== null) return;
  }
}

/** How far a run has come, over as many links as it took. */
interface Course {
  readonly talk: RunTalk;
  /** Whether the device may have got the whole script: from then on only the device knows what came of it. */
  mayRun: boolean;
  outcome: Ended | null;
  /** What the last link ended with, where that has a name. */
  failure: Failure | null;
}

/** When we cannot or must not go on: a run that may be going on the device is left to be adopted. */
function leftOver({ context }: ContainerRun, { talk, mayRun, failure }: Course): Outcome {
  const isStopping = context.signal.aborted;
  if (mayRun) return { kind: 'detached', reason: isStopping ? 'shutdown' : 'link-lost' };
  if (isStopping) return { kind: 'failed', failure: { kind: 'cancelled', by: 'shutdown' }, tail: [] };
  if (context.cancelled.aborted) return { kind: 'failed', failure: { kind: 'cancelled', by: 'person' }, tail: [] };
  return { kind: 'failed', failure: failure ?? linkLost, tail: talk.tail };
}

const linkLost: Failure = {
  kind: 'device-unreachable',
  phase: 'channel',
  detail: 'the link was lost before the run had begun',
};

/** True when nothing is left to do. */
async function attempted(order: ContainerRun, means: RunMeans, course: Course): Promise<boolean> {
  const { device, context } = order;
  const opened = await means.transport.open(device, context.signal);
  course.failure = isLeft(opened) ? opened.left : null;
  if (isLeft(opened)) return false;
  const session = opened.right;
  const leave = (): void => {
    session.close();
  };
  context.signal.addEventListener('abort', leave, { once: true });
  try {
    // Sent again, the script that starts the run finds it by its nonce where it is there already.
    session.send(course.talk.started || order.startScript === null ? order.attachScript : order.startScript);
    return await heardOut(order, means, course, session);
  } finally {
    context.signal.removeEventListener('abort', leave);
    session.close();
  }
}

async function heardOut(order: ContainerRun, means: RunMeans, course: Course, session: Session): Promise<boolean> {
  const { talk } = course;
  const end = await talk.listen(session);
  if (end.kind === 'broken') {
    course.failure = end.end.failure;
    // A gateway that names its trouble before the script has said a word did not hand it on.
    course.mayRun ||= talk.heard || course.failure === null;
    return false;
  }
  if (end.kind !== 'ready') order.context.removed();
  const known = course.outcome;
  course.outcome ??= await settled(order, ended(order, means, talk, end));
  return end.kind !== 'ready' || (await acknowledged(order, session, course.outcome, known !== null));
}

function settled({ afterwards }: ContainerRun, outcome: Ended): Ended | Promise<Ended> {
  return outcome.kind === 'succeeded' && afterwards !== null ? afterwards(outcome) : outcome;
}

/** The ledger has the result before the container goes. False when it is not known whether it has gone. */
async function acknowledged(
  { run, context }: ContainerRun,
  session: Session,
  outcome: Ended,
  isCommitted: boolean,
): Promise<boolean> {
  if (!isCommitted && !context.commit(outcome)) return true;
  session.send(`ack ${context.nonce} ${run.runId}\n`);
  for await (const line of session.lines) {
    if (line !== `${context.nonce} - removed`) continue;
    context.removed();
    return true;
  }
  return false;
}

function ended(order: ContainerRun, means: RunMeans, talk: RunTalk, end: Exclude<TalkEnd, { kind: 'broken' }>): Ended {
  // What came of it is not what a person waits for any more, unless it was done before they changed their mind.
  if (order.context.cancelled.aborted && talk.result?.ok !== true) {
    return { kind: 'failed', failure: { kind: 'cancelled', by: 'person' }, tail: talk.tail };
  }
  if (end.kind === 'ready') {
    return outcomeOf({
      result: talk.result,
      end: end.end,
      tail: talk.tail,
      warnings: talk.warnings,
      durationMs: means.clock.now() - order.context.startedAt,
      scrub: means.scrub,
      ...order.judge,
    });
  }
  return { kind: 'failed', failure: notRun(order, end), tail: talk.tail };
}

function notRun({ judge }: ContainerRun, end: Exclude<TalkEnd, { kind: 'broken' | 'ready' }>): Failure {
  if (end.kind === 'busy') return { kind: 'device-busy', runId: end.runId };
  if (end.kind === 'gone') {
    return { kind: 'run-lost', detail: "the run's container is no longer on the device" };
  }
  // Neither an image nor a container finds room then.
  if (/no space left on device/i.test(end.detail)) {
    return { kind: 'store-full', where: 'device', freeBytes: null, detail: end.detail };
  }
  switch (end.reason) {
    case 'volumes-none':
      return { kind: 'volumes-none' };
    case 'volume-missing':
      return { kind: 'volume-missing', names: end.detail.split(' ').filter((name) => name !== '') };
    case 'image-unavailable':
      return { kind: 'image-unavailable', image: judge.image, detail: end.detail };
    default:
      return { kind: 'remote-command-failed', exitCode: null, signal: null, stderrTail: end.detail, durationMs: 0 };
  }
}

function talkOf({ run, context }: ContainerRun, { scrub }: RunMeans, { begins }: Cancelling): RunTalk {
  return new RunTalk(context.nonce, scrub, {
    phase: (phase) => {
      if (phase === 'running') begins();
      context.advance(phase);
      context.emit({ event: 'run.progressed', run, phase, detail: '' });
    },
    progressed: (entries, bytes) => {
      const detail = `${String(entries)} files and folders, ${bytesText(bytes)}`;
      context.emit({ event: 'run.progressed', run, phase: 'running', detail });
    },
    output: (line) => {
      context.emit({ event: 'run.output', run, line });
    },
    warned: (message) => {
      context.emit({ event: 'run.warned', run, message });
    },
  });
}

/** False when there is no point in going on. */
async function paused(ms: number, signal: AbortSignal): Promise<boolean> {
  if (ms > 0) await pause(ms, null, { signal }).catch(() => null);
  return !signal.aborted;
}
