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
  const address = await resolved(host, limits.resolveMs);
  if (address === null) return left(unreachable('resolve', `${host} has no address: check its name and the DNS`));
  const socket = connect({ host: address, port });
  // Later errors are the SSH client's to see; without a listener they would end the process.
  socket.on('error', () => undefined);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(limits.connectMs)]);
  try {
    await once(socket, 'connect', { signal: limit });
    socket.setNoDelay(true);
    return right(socket);
  } catch (error) {
    socket.destroy();
    if (signal.aborted) return left({ kind: 'cancelled', by: 'shutdown' });
    if (limit.aborted) return left({ kind: 'timed-out', phase: `connecting to ${host}`, limitMs: limits.connectMs });
    return left(unreachable('connect', `${host}:${String(port)}: ${wordsOf(error)}`));
  }
}

async function resolved(host: string, limitMs: number): Promise<string | null> {
  const late = new Promise<null>((resolve) => {
    setTimeout(resolve, limitMs, null).unref();
  });
  const found = lookup(host).then(
    ({ address }) => address,
    () => null,
  );
  return Promise.race([found, late]);
}

/** An error's own words, as one line. */
export function wordsOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s+/g, ' ').slice(0, 300);
}
