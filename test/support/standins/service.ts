import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** One request, read whole. */
export interface Call {
  readonly method: string;
  readonly host: string;
  /** Decoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A value goes as JSON. */
  readonly body?: unknown;
}

/** What stands in for a service on the web: as strict as the service, as far as Duplicity and its library go with it. */
export interface StandIn {
  /** The names that it answers to. */
  readonly hosts: readonly string[];
  /** Throws `Refusal` for what the service would refuse; null for what it has, but this has not. */
  answer(call: Call): Answer | null;
  /** Paths of the files that it holds. */
  files(): readonly string[];
}

/** What the service says to what it does not take. */
export class Refusal extends Error {
  public readonly answer: Answer;

  public constructor(status: number, body: unknown) {
    super(`refused with ${String(status)}: ${JSON.stringify(body)}`);
    this.answer = { status, body };
  }
}

/** The body's JSON object, or an empty one. */
export function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
  } catch {
    return {};
  }
}

export function header({ headers }: Call, name: string): string {
  const value = headers[name];
  return typeof value === 'string' ? value : '';
}

/** The token, or an empty text. */
export function bearerOf(call: Call): string {
  return /^Bearer (.+)$/.exec(header(call, 'authorization'))?.[1] ?? '';
}

/** A form's fields. */
export function formOf({ body }: Call): URLSearchParams {
  return new URLSearchParams(body.toString('utf8'));
}

/** The share of a content that the body is, or null where its header says nothing or something else. */
export function shareOf(call: Call): { readonly from: number; readonly to: number; readonly size: number } | null {
  const range = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(header(call, 'content-range'));
  if (range === null) return null;
  const [from = 0, to = 0, size = 0] = range.slice(1).map(Number);
  return to - from + 1 === call.body.length && to < size ? { from, to, size } : null;
}

export function lengthOf(parts: readonly Buffer[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

export function hashOf(algorithm: 'sha1' | 'md5' | 'sha256', content: Buffer): string {
  return createHash(algorithm).update(content).digest('hex');
}

/** What a range header asks for of a content, as HTTP has it; null for all of it. */
function rangeOf(call: Call, size: number): { readonly from: number; readonly to: number } | null {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(header(call, 'range')) ?? [];
  if (from === undefined || to === undefined) return null;
  return { from: Number(from), to: Math.min(to === '' ? size : Number(to), size - 1) };
}

/** A content as it is downloaded, whole or the range that was asked for. */
export function download(call: Call, content: Buffer, headers: Readonly<Record<string, string>>): Answer {
  const range = rangeOf(call, content.length);
  if (range === null) return { status: 200, headers, body: content };
  const { from, to } = range;
  if (from > to) return { status: 416, headers: { 'content-range': `bytes */${String(content.length)}` } };
  const span = `bytes ${String(from)}-${String(to)}/${String(content.length)}`;
  return { status: 206, headers: { ...headers, 'content-range': span }, body: content.subarray(from, to + 1) };
}

/** A page of a listing, and where the next one begins: null on the last. Small, so that whoever lists must turn pages. */
export function pageOf<T>(
  all: readonly T[],
  start: number,
): { readonly items: readonly T[]; readonly next: number | null } {
  const next = start + PAGE;
  return { items: all.slice(start, next), next: next < all.length ? next : null };
}

const PAGE = 4;
