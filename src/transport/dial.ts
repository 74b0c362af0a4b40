import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type Either, left, right } from 'fp-ts/Either';
import type { Failure } from '../model/failure';
import type { HostPort } from '../model/settings';

export type Phase = 'resolve' | 'connect' | 'handshake' | 'channel';

export function unreachable(phase: Phase, detail: string): Failure {
  return { kind: 'device-unreachable', phase, detail };
}

export const cancelled: Failure = { kind: 'cancelled', by: 'shutdown' };

export interface DialLimits {
  readonly resolveMs: number;
  readonly connectMs: number;
}

/** A TCP connection, each phase within its own limit. Nothing is left open when it gives a failure. */
export async function dial(
  { host, port }: HostPort,
  limits: DialLimits,
  signal: AbortSignal,
): Promise<Either<Failure, Socket>> {
  const address = await resolved(host, limits.resolveMs, signal);
  if (signal.aborted) return left(cancelled);
  if (address === null) return left(unreachable('resolve', `${host} has no address: check its name and the DNS`));
  const socket = connect({ host: address, port });
  // Later errors are the SSH client's to see; without a listener they would end the process.
  socket.on('error', () => undefined);
  const failure = await happened(socket, 'connect', {
    phase: `connecting to ${host}`,
    limitMs: limits.connectMs,
    signal,
    failed: (error) => unreachable('connect', `${nameOf({ host, port })}: ${wordsOf(error)}`),
  });
  if (failure !== null) return left(failure);
  socket.setNoDelay(true);
  return right(socket);
}

/** How long to wait for a socket's next step, and what it means when it fails. */
export interface Step {
  /** For people, when the limit is reached. */
  readonly phase: string;
  readonly limitMs: number;
  readonly signal: AbortSignal;
  readonly failed: (error: unknown) => Failure;
}

/** Waits for an event of the socket. The socket is closed when this gives a failure. */
export async function happened(socket: Socket, event: string, step: Step): Promise<Failure | null> {
  const { phase, limitMs, signal, failed } = step;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  try {
    await once(socket, event, { signal: limit });
    return null;
  } catch (error) {
    socket.destroy();
    if (signal.aborted) return cancelled;
    return limit.aborted ? { kind: 'timed-out', phase, limitMs } : failed(error);
  }
}

async function resolved(host: string, limitMs: number, signal: AbortSignal): Promise<string | null> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  const late = once(limit, 'abort').then(() => null);
  const found = lookup(host).then(
    ({ address }) => address,
    () => null,
  );
  return limit.aborted ? null : Promise.race([found, late]);
}

/** `host:port`, with an IPv6 address in brackets. */
export function nameOf({ host, port }: HostPort): string {
  return `${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
}

/** An error's own words, as one line. */
export function wordsOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s+/g, ' ').slice(0, 300);
}
