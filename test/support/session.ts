import { type Either, right } from 'fp-ts/Either';
import type { Failure } from '../../src/model/failure';
import type { Session, SessionEnd, Transport } from '../../src/model/ports';

const LOST: SessionEnd = { kind: 'lost', failure: null, exitCode: null, stderrTail: '' };

/** A shell whose far side a test plays: it says lines, and sees what it is sent. */
export interface PlayedSession extends Session {
  readonly sent: readonly string[];
  say(...lines: readonly string[]): void;
  /** Ends it; lost unless told how. */
  end(how?: Partial<SessionEnd>): void;
}

export function playedSession(): PlayedSession {
  const sent: string[] = [];
  const waiting: ((result: IteratorResult<string>) => void)[] = [];
  const queue: string[] = [];
  let over: SessionEnd | null = null;
  const { promise: ended, resolve: settle } = Promise.withResolvers<SessionEnd>();
  const finish = (how: Partial<SessionEnd> = {}): void => {
    if (over !== null) return;
    over = { ...LOST, ...how };
    settle(over);
    for (const wake of waiting.splice(0)) wake({ done: true, value: undefined });
  };
  const next = (): Promise<IteratorResult<string>> => {
    const line = queue.shift();
    if (line !== undefined) return Promise.resolve({ done: false, value: line });
    if (over !== null) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => waiting.push(resolve));
  };
  return {
    sent,
    send: (text) => {
      sent.push(text);
    },
    say: (...lines) => {
      for (const line of lines) {
        const wake = waiting.shift();
        if (wake === undefined) queue.push(line);
        else wake({ done: false, value: line });
      }
    },
    end: finish,
    close: () => {
      finish();
    },
    ended,
    lines: { [Symbol.asyncIterator]: () => ({ next }) },
  };
}

/** Gives the sessions or failures one after another; the last for ever. */
export function transportOf(answers: readonly (Session | Either<Failure, Session>)[]): Transport & { opened: number } {
  const transport = {
    name: 'played',
    opened: 0,
    open: (): Promise<Either<Failure, Session>> => {
      const answer = answers[Math.min(transport.opened, answers.length - 1)];
      transport.opened += 1;
      if (answer === undefined) throw new Error('there is no answer to play');
      return Promise.resolve('_tag' in answer ? answer : right(answer));
    },
    close: () => undefined,
  };
  return transport;
}
