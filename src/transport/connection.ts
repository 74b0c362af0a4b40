import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { type Either, left, right } from 'fp-ts/Either';
import { Client, type ClientChannel, type ConnectConfig, type ServerHostKeyAlgorithm } from 'ssh2';
import type { Failure } from '../model/failure';
import type { Secret } from '../model/secret';
import { unreachable, wordsOf } from './dial';

/** Whom we log in as, and what the server must prove. */
export interface Login {
  /** `host:port`, for people and for remembered keys. */
  readonly host: string;
  readonly username: string;
  readonly privateKey: Secret;
  /** `type base64` that the server must have; null: any, see `trust`. */
  readonly expectedKey: string | null;
  /** Called with the server's key when none was expected. */
  readonly trust: (key: string, fingerprint: string) => void;
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
  /** `attach` is called as soon as the channel is there, before anything that the far side sends can be missed. */
  exec<T>(command: string, attach: (channel: ClientChannel) => T): Promise<Either<Failure, T>>;
  close(): void;
}

/** Speaks SSH over the socket and logs in. The connection is closed when this gives a failure. */
export async function login(
  socket: Socket,
  who: Login,
  limits: ConnectionLimits,
  signal: AbortSignal,
): Promise<Either<Failure, Connection>> {
  const client = new Client();
  const state = { alive: true };
  const handshake = handshakeOf(who, limits);
  const ready = readiness(client, who.host, state);
  signal.addEventListener('abort', () => client.destroy(), { once: true });
  try {
    client.connect({ ...handshake.config, sock: socket });
  } catch (error) {
    socket.destroy();
    return left({ kind: 'defect', detail: `the SSH client did not start: ${wordsOf(error)}`, stack: null });
  }
  const failure = await ready;
  if (failure === null) return right(connectionOf(client, limits, () => state.alive, signal));
  client.destroy();
  socket.destroy();
  return left(signal.aborted ? { kind: 'cancelled', by: 'shutdown' } : (handshake.mismatch() ?? failure));
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

function handshakeOf(
  who: Login,
  limits: ConnectionLimits,
): { readonly config: ConnectConfig; readonly mismatch: () => Failure | null } {
  let mismatch: Failure | null = null;
  const config: ConnectConfig = {
    username: who.username,
    privateKey: who.privateKey.reveal(),
    readyTimeout: limits.handshakeMs,
    keepaliveInterval: limits.keepaliveMs,
    keepaliveCountMax: 3,
    algorithms: { serverHostKey: algorithmsFor(who.expectedKey) },
    hostVerifier: (key: Buffer) => {
      mismatch = mismatchOf(key, who);
      return mismatch === null;
    },
  };
  return { config, mismatch: () => mismatch };
}

function connectionOf(client: Client, limits: ConnectionLimits, alive: () => boolean, signal: AbortSignal): Connection {
  return {
    alive,
    close: () => {
      client.end();
      // A peer that never answers must not keep the socket open.
      setTimeout(() => client.destroy(), 2000).unref();
    },
    exec: async (command, attach) => {
      const timer = new AbortController();
      const late = pause(limits.channelMs, null, { signal: timer.signal }).catch(() => null);
      const opened = await Promise.race([execOn(client, command, attach), late]);
      timer.abort();
      if (signal.aborted) return left({ kind: 'cancelled', by: 'shutdown' });
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

function mismatchOf(blob: Buffer, { host, expectedKey, trust }: Login): Failure | null {
  const type = blob.subarray(4, 4 + blob.readUInt32BE(0)).toString('latin1');
  const got = `${type} ${blob.toString('base64')}`;
  if (expectedKey === null) {
    trust(got, fingerprintOf(blob));
    return null;
  }
  if (expectedKey === got) return null;
  const expected = fingerprintOf(Buffer.from(expectedKey.split(' ')[1] ?? '', 'base64'));
  return { kind: 'host-key-changed', host, expected, got: fingerprintOf(blob) };
}

function fingerprintOf(blob: Buffer): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

const ALGORITHMS: readonly ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
];

/** Only the algorithms of the key that is expected: a server with several keys would else show another one. */
function algorithmsFor(expectedKey: string | null): ServerHostKeyAlgorithm[] {
  const type = expectedKey?.split(' ')[0] ?? null;
  if (type === null) return [...ALGORITHMS];
  return ALGORITHMS.filter((each) => each === type || (type === 'ssh-rsa' && each.startsWith('rsa-')));
}

function failureOf(error: Error & { readonly level?: string }, host: string): Failure {
  if (error.level === 'client-authentication') {
    const detail = `${host} refused our key: check that CLI_API_KEY belongs to a user who may open SSH to the fleet's devices`;
    return { kind: 'auth-rejected', who: 'ssh', detail };
  }
  return unreachable('handshake', `${host}: ${wordsOf(error)}`);
}
