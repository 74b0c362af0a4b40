import { setImmediate as turn } from 'node:timers/promises';
import type { ClientChannel } from 'ssh2';
import type { Failure } from '../model/failure';
import type { Session, SessionEnd } from '../model/ports';
import type { Connection } from './connection';
import { LineSplitter } from './lines';

const STDERR_TAIL = 4096;
const OPENING_WORDS = 2048;

/** What the far side has said when a shell has ended. */
export interface LastWords {
  /** The first 2 KiB of its standard output. */
  readonly opening: string;
  /** The last 4 KiB. */
  readonly stderr: string;
  readonly exitCode: number | null;
}

/** The failure that these words name, if they do. */
export type NamedFailure = (words: LastWords) => Failure | null;

/** The channel as a session. The connection belongs to it and ends with it. */
export function sessionOf(channel: ClientChannel, connection: Connection, named: NamedFailure): Session {
  const shell = new Shell(channel, connection, named);
  const lines = shell.lines();
  return {
    send: (text) => {
      if (channel.writable) channel.write(text);
    },
    // One reading, without `return`: who stops listening may go on later, and the channel stays open.
    lines: { [Symbol.asyncIterator]: () => ({ next: () => lines.next() }) },
    ended: shell.ended(),
    close: () => {
      channel.close();
      connection.close();
    },
  };
}

class Shell {
  readonly #channel: ClientChannel;
  readonly #connection: Connection;
  readonly #named: NamedFailure;
  readonly #closed: Promise<void>;
  #stderr = '';
  #opening = '';
  #hasExited = false;
  #exitCode: number | null = null;

  public constructor(channel: ClientChannel, connection: Connection, named: NamedFailure) {
    this.#channel = channel;
    this.#connection = connection;
    this.#named = named;
    // A channel closes only once everything was read; that may never be, where we have closed it ourselves.
    const closed = new Promise<void>((resolve) => {
      channel.once('close', resolve);
    });
    this.#closed = Promise.race([closed, connection.closed]);
    channel.on('error', () => undefined);
    channel.on('exit', (code: number | string | null) => {
      this.#hasExited = true;
      this.#exitCode = typeof code === 'number' ? code : null;
    });
    channel.stderr.on('error', () => undefined);
    channel.stderr.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString('utf8')).slice(-STDERR_TAIL);
    });
  }

  public async *lines(): AsyncGenerator<string> {
    const splitter = new LineSplitter();
    try {
      for await (const chunk of this.#channel) {
        const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
        if (this.#opening.length < OPENING_WORDS) this.#opening += bytes.toString('utf8', 0, OPENING_WORDS);
        yield* splitter.push(bytes);
      }
    } catch {
      // A stream that breaks off has ended; `ended` says how.
    }
    const rest = splitter.rest();
    if (rest !== null) yield rest;
  }

  public async ended(): Promise<SessionEnd> {
    await this.#closed;
    // When the whole connection goes, its channels hear of it first.
    await turn();
    const inOrder = this.#hasExited && this.#connection.alive();
    this.#connection.close();
    return {
      kind: inOrder ? 'closed' : 'lost',
      failure: this.#named({ opening: this.#opening, stderr: this.#stderr, exitCode: this.#exitCode }),
      exitCode: this.#exitCode,
      stderrTail: escaped(this.#stderr),
    };
  }
}

/** Without characters that could move a cursor or hide text. */
export function escaped(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (c) => (c === '\n' ? c : `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`));
}
