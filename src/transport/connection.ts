import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { type Either, left, right } from 'fp-ts/Either';
import { Client, type ClientChannel, type ConnectConfig } from 'ssh2';
import type { Failure } from '../model/failure';
import type { Secret } from '../model/secret';
import { cancelled, unreachable, wordsOf } from './dial';
import { algorithmsFor, HostKeyCheck, type HostKeyRule } from './hostkey';

/** Whom we log in as, and what the server must prove. */
export interface Login extends HostKeyRule {
  readonly username: string;
  readonly privateKey: Secret;
}

export interface ConnectionLimits {
  readonly handshakeMs: number;
  readonly channelMs: number;
  /** A link that does not answer for three of these is lost. */
  readonly keepaliveMs: number;
}

/** An SSH connection that is logged in. */
export interface Connection {
  /** Whether it is still up. */
  readonly alive: () => boolean;
  /** Settles when it is closed, by whichever side. */
  readonly closed: Promise<void>;
  /** `attach` is called as soon as the channel is there, before anything that the far side sends can be missed. */
  exec<T>(command: string, attach: (channel: ClientChannel) => T): Promise<Either<Failure, T>>;
  close(): void;
}

/** Speaks SSH over the socket and logs in. The socket is closed when this gives a failure, and whenever the signal says so. */
export async function login(
  socket: Socket,
  who: Login,
  limits: ConnectionLimits,
  signal: AbortSignal,
): Promise<Either<Failure, Connection>> {
  const check = new HostKeyCheck(who);
  const client = new Client();
  const state = { alive: true };
  const ready = readiness(client, who.host, state);
  if (socket.destroyed) return left(unreachable('handshake', `${who.host} closed the connection before the login`));
  closeOnAbort(socket, signal);
  try {
    client.connect({ ...configOf(who, limits, check), sock: socket });
  } catch (error) {
    socket.destroy();
    return left({ kind: 'defect', detail: `the SSH client did not start: ${wordsOf(error)}`, stack: null });
  }
  const failure = await ready;
  if (failure === null && !signal.aborted) {
    check.settle();
    return right(connectionOf(client, { socket, limits, alive: () => state.alive, signal }));
  }
  socket.destroy();
  return left(signal.aborted ? cancelled : (check.mismatch() ?? failure ?? unreachable('handshake', who.host)));
}

/** The signal outlives many connections: none of them stays behind in its list. */
function closeOnAbort(socket: Socket, signal: AbortSignal): void {
  const close = (): void => {
    socket.destroy();
  };
  socket.once('close', () => {
    signal.removeEventListener('abort', close);
  });
  signal.addEventListener('abort', close);
  if (signal.aborted) close();
}

/** Null once the login has succeeded. */
function readiness(client: Client, host: string, state: { alive: boolean }): Promise<Failure | null> {
  return new Promise((resolve) => {
    client.on('ready', () => {
      resolve(null);
    });
    // Stays for the connection's life: an error without a listener would end the process.
    client.on('error', (error) => {
      state.alive = false;
      resolve(failureOf(error, host));
    });
    client.on('close', () => {
      state.alive = false;
      resolve(unreachable('handshake', `${host} closed the connection before the login`));
    });
  });
}

function configOf(who: Login, limits: ConnectionLimits, check: HostKeyCheck): ConnectConfig {
  return {
    username: who.username,
    privateKey: who.privateKey.reveal(),
    readyTimeout: limits.handshakeMs,
    keepaliveInterval: limits.keepaliveMs,
    keepaliveCountMax: 3,
    algorithms: { serverHostKey: algorithmsFor(who.expectedKey) },
    hostVerifier: (key: Buffer) => check.allows(key),
  };
}

interface Link {
  readonly socket: Socket;
  readonly limits: ConnectionLimits;
  readonly alive: () => boolean;
  readonly signal: AbortSignal;
}

const GOODBYE_MS = 2000;

function connectionOf(client: Client, { socket, limits, alive, signal }: Link): Connection {
  return {
    alive,
    closed: new Promise((resolve) => {
      client.once('close', resolve);
    }),
    close: () => {
      client.end();
      // A peer that never answers must not keep the socket open. The client's own `destroy` does nothing after `end`.
      setTimeout(() => {
        socket.destroy();
      }, GOODBYE_MS).unref();
    },
    exec: async (command, attach) => {
      const timer = new AbortController();
      const late = pause(limits.channelMs, null, { signal: timer.signal }).catch(() => null);
      const opened = await Promise.race([execOn(client, command, attach), late]);
      timer.abort();
      if (signal.aborted) return left(cancelled);
      return opened ?? left({ kind: 'timed-out', phase: 'opening a shell', limitMs: limits.channelMs });
    },
  };
}

function execOn<T>(
  client: Client,
  command: string,
  attach: (channel: ClientChannel) => T,
): Promise<Either<Failure, T>> {
  return new Promise((resolve) => {
    client.once('close', () => {
      resolve(left(unreachable('channel', 'the connection was closed before a shell was there')));
    });
    try {
      client.exec(command, (error, channel) => {
        resolve(error === undefined ? right(attach(channel)) : left(unreachable('channel', wordsOf(error))));
      });
    } catch (error) {
      resolve(left(unreachable('channel', wordsOf(error))));
    }
  });
}

function failureOf(error: Error & { readonly level?: string }, host: string): Failure {
  if (error.level === 'client-authentication') {
    const detail = `${host} refused our key: check that CLI_API_KEY belongs to a user who may open SSH to the fleet's devices`;
    return { kind: 'auth-rejected', who: 'ssh', detail };
  }
  return unreachable('handshake', `${host}: ${wordsOf(error)}`);
}
