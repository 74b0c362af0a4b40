import type { RunPhase } from '../model/run';
import type { Session, SessionEnd } from '../model/ports';
import { type ContainerEnd, type DeviceLine, parseEnd, parseLine, parseResult, type RunResult } from './records';

const TAIL_LINES = 40;
const LONGEST_SHOWN = 1000;

/** How a talk with the device's script ended. */
export type TalkEnd =
  /** The container has ended; the script waits for the acknowledgement. */
  | { readonly kind: 'ready'; readonly end: ContainerEnd }
  | { readonly kind: 'refused'; readonly reason: string; readonly detail: string }
  | { readonly kind: 'busy'; readonly runId: string }
  /** There is no such container. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'broken'; readonly end: SessionEnd };

export interface Listener {
  readonly phase: (phase: RunPhase) => void;
  readonly output: (line: string) => void;
  /** How far it is: entries, and bytes. */
  readonly progressed: (entries: number, bytes: number) => void;
  readonly warned: (message: string) => void;
}

/** What has been heard of one run, over as many sessions as it took. Lines that are sent again are dropped by number. */
export class RunTalk {
  readonly #nonce: string;
  readonly #scrub: (text: string) => string;
  readonly #listener: Listener;
  #seen = 0;
  #end: ContainerEnd | null = null;
  #result: RunResult | null = null;
  #tail: string[] = [];
  #warnings: string[] = [];
  #heard = false;
  #started = false;

  public constructor(nonce: string, scrub: (text: string) => string, listener: Listener) {
    this.#nonce = nonce;
    this.#scrub = scrub;
    this.#listener = listener;
  }

  public get result(): RunResult | null {
    return this.#result;
  }

  public get tail(): readonly string[] {
    return this.#tail;
  }

  public get warnings(): readonly string[] {
    return this.#warnings;
  }

  /** Whether the script has said anything: it runs as a whole or not at all. */
  public get heard(): boolean {
    return this.#heard;
  }

  /** Whether the container may have been started: from then on nothing starts it again. */
  public get started(): boolean {
    return this.#started;
  }

  /** Listens until the script has said how it stands, or the session is over. */
  public async listen(session: Session): Promise<TalkEnd> {
    for await (const text of session.lines) {
      const line = parseLine(this.#nonce, text);
      const end = line === null ? null : this.#hear(line);
      if (end !== null) return end;
    }
    return { kind: 'broken', end: await session.ended };
  }

  #hear(line: DeviceLine): TalkEnd | null {
    this.#heard = true;
    if (line.from === 'host') return this.#hostWord(line.word, line.rest);
    this.#started = true;
    if (line.number <= this.#seen) return null;
    this.#seen = line.number;
    if (line.from === 'output') this.#output(line.text);
    else this.#control(line.word, line.rest);
    return null;
  }

  #hostWord(word: string, rest: string): TalkEnd | null {
    switch (word) {
      case 'phase':
        this.#phase(rest);
        return null;
      case 'warn':
        this.#warn(rest);
        return null;
      case 'busy':
        return { kind: 'busy', runId: rest };
      case 'gone':
        return { kind: 'gone' };
      case 'failed':
        return { kind: 'refused', reason: rest.split(' ')[0] ?? '', detail: this.#scrub(rest.replace(/^\S+ ?/, '')) };
      case 'ended':
        this.#end = parseEnd(rest);
        return null;
      case 'ready':
        return { kind: 'ready', end: this.#end ?? { exitCode: -1, outOfMemory: false, ranMs: null } };
      default:
        return null;
    }
  }

  #control(word: string, rest: string): void {
    if (word === 'result') this.#result = parseResult(rest);
    else if (word === 'phase') this.#phase(rest);
    else if (word === 'warn') this.#warn(rest);
    else if (word === 'progress') this.#progress(rest);
  }

  #progress(text: string): void {
    const [, entries, kib] = /^(\d{1,12}) (\d{1,12})$/.exec(text) ?? [];
    if (entries !== undefined) this.#listener.progressed(Number(entries), Number(kib) * 1024);
  }

  #phase(text: string): void {
    if (text === 'running') this.#started = true;
    if (isDevicePhase(text)) this.#listener.phase(text);
  }

  #warn(text: string): void {
    const message = this.#scrub(text);
    if (this.#warnings.includes(message)) return;
    this.#warnings.push(message);
    this.#listener.warned(message);
  }

  #output(text: string): void {
    const line = this.#scrub(text).slice(0, LONGEST_SHOWN);
    if (line.trim() === '') return;
    this.#tail = [...this.#tail, line].slice(-TAIL_LINES);
    this.#listener.output(line);
  }
}

const DEVICE_PHASES = ['preparing', 'pulling', 'running', 'verifying', 'exchanging'] as const;

function isDevicePhase(text: string): text is (typeof DEVICE_PHASES)[number] {
  return DEVICE_PHASES.some((phase) => phase === text);
}
