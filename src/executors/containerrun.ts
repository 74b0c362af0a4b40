import { setTimeout as pause } from 'node:timers/promises';
import { isLeft } from 'fp-ts/Either';
import type { Instant } from '../model/brand';
import type { Device } from '../model/device';
import type { RunRef } from '../model/event';
import type { Failure } from '../model/failure';
import type { RunContext, Session, Transport } from '../model/ports';
import type { Outcome } from '../model/run';
import { type Ended, type Evidence, outcomeOf } from './classify';
import { RunTalk, type TalkEnd } from './follow';

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
  readonly judge: Pick<Evidence, 'image' | 'deviceLocal' | 'runTimeoutMs' | 'stallTimeoutMs'>;
}

/** Carries a run to its end, over new links where one is lost. The run on the device goes on whatever becomes of us. */
export async function carryOut(order: ContainerRun, means: RunMeans): Promise<Outcome> {
  const talk = talkOf(order, means);
  let failure: Failure | null = null;
  for (const pauseMs of [0, ...means.reconnectPausesMs]) {
    if (!(await paused(pauseMs, order.context.signal))) break;
    order.context.advance(talk.started ? 'collecting' : 'connecting');
    const attempt = await attempted(order, means, talk);
    if (attempt.kind === 'done') return attempt.outcome;
    ({ failure } = attempt);
    // What was not reached at all is the reconciler's to try again.
    if (!talk.heard && failure !== null) break;
  }
  return leftOver(order, talk, failure);
}

/** When we cannot or must not go on: a run that may be going on the device is left to be adopted. */
function leftOver({ context, startScript }: ContainerRun, talk: RunTalk, failure: Failure | null): Outcome {
  if (context.signal.aborted) return { kind: 'detached', reason: 'shutdown' };
  if (talk.started || startScript === null) return { kind: 'detached', reason: 'link-lost' };
  return { kind: 'failed', failure: failure ?? linkLost, tail: talk.tail };
}

const linkLost: Failure = {
  kind: 'device-unreachable',
  phase: 'channel',
  detail: 'the link was lost before the run had begun',
};

type Attempt =
  | { readonly kind: 'done'; readonly outcome: Outcome }
  /** `failure`: what the far side named as the reason, if anything. */
  | { readonly kind: 'again'; readonly failure: Failure | null };

async function attempted(order: ContainerRun, means: RunMeans, talk: RunTalk): Promise<Attempt> {
  const { device, context } = order;
  const opened = await means.transport.open(device, context.signal);
  if (isLeft(opened)) return { kind: 'again', failure: opened.left };
  const session = opened.right;
  const leave = (): void => {
    session.close();
  };
  context.signal.addEventListener('abort', leave, { once: true });
  try {
    session.send(talk.started || order.startScript === null ? order.attachScript : order.startScript);
    const end = await talk.listen(session);
    if (end.kind === 'broken') return { kind: 'again', failure: end.end.failure };
    const outcome = ended(order, means, talk, end);
    if (end.kind === 'ready') await acknowledged(order, session, outcome);
    return { kind: 'done', outcome };
  } finally {
    context.signal.removeEventListener('abort', leave);
    session.close();
  }
}

/** The ledger has the result before the container goes; what is lost here is found by the next adoption. */
async function acknowledged({ run, context }: ContainerRun, session: Session, outcome: Ended): Promise<void> {
  if (!context.commit(outcome)) return;
  session.send(`ack ${context.nonce} ${run.runId}\n`);
  for await (const line of session.lines) if (line === `${context.nonce} - removed`) return;
}

function ended(order: ContainerRun, means: RunMeans, talk: RunTalk, end: Exclude<TalkEnd, { kind: 'broken' }>): Ended {
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

function talkOf({ run, context }: ContainerRun, { scrub }: RunMeans): RunTalk {
  return new RunTalk(context.nonce, scrub, {
    phase: (phase) => {
      context.advance(phase);
      context.emit({ event: 'run.progressed', run, phase, detail: '' });
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
