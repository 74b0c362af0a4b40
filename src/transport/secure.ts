import { isIP, type Socket } from 'node:net';
import { connect } from 'node:tls';
import { type Either, left, right } from 'fp-ts/Either';
import type { Failure } from '../model/failure';
import { happened, unreachable, wordsOf } from './dial';

export interface TlsOptions {
  readonly host: string;
  /** Certificates to trust instead of the system's, as PEM; null: the system's. */
  readonly ca: string | null;
  readonly limitMs: number;
}

/** TLS over the socket, to a server that proves to be `host`. The socket is closed when this gives a failure. */
export async function secured(
  socket: Socket,
  { host, ca, limitMs }: TlsOptions,
  signal: AbortSignal,
): Promise<Either<Failure, Socket>> {
  const tls = connect({
    socket,
    host,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(ca === null ? {} : { ca }),
  });
  tls.on('error', () => undefined);
  const failure = await happened(tls, 'secureConnect', {
    phase: `TLS with ${host}`,
    limitMs,
    signal,
    failed: (error) =>
      unreachable(
        'connect',
        `TLS with ${host} failed (${wordsOf(error)}): check TUNNEL_SERVER and TUNNEL_TLS; a certificate of one's own goes into NODE_EXTRA_CA_CERTS`,
      ),
  });
  if (failure === null) return right(tls);
  socket.destroy();
  return left(failure);
}
