import type { Socket } from 'node:net';
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { Client } from 'ssh2';
import type { Failure } from '../model/failure';
import type { ShownHostKey } from '../model/hostkey';
import { login } from './connection';
import { unreachable, wordsOf } from './dial';
import { algorithmsFor, fingerprintOf, lineOf } from './hostkey';
import { type Door, limitsOf, type WayOptions } from './way';

/** How a login went that was only a trial. */
export interface TriedLogin {
  readonly fingerprint: string;
  /** Whether the host key was pinned or remembered before. */
  readonly isKnown: boolean;
}

/** Logs in as a run does, opens no shell and remembers nothing. */
export async function tryLogin(
  door: Door,
  options: WayOptions,
  signal: AbortSignal,
): Promise<Either<Failure, TriedLogin>> {
  const username = await options.username();
  if (isLeft(username)) return username;
  const key = await options.key();
  if (isLeft(key)) return key;
  const socket = await door.reach(username.right, signal);
  if (isLeft(socket)) return socket;
  const expectedKey = door.pinnedHostKey ?? options.hostKeys.lookup(door.host);
  let fingerprint = expectedKey === null ? '' : fingerprintOfLine(expectedKey);
  const trust = (_key: string, shown: string): void => {
    fingerprint = shown;
  };
  const who = { username: username.right, privateKey: key.right.privateKey, host: door.host, expectedKey, trust };
  const connection = await login(socket.right, who, limitsOf(options), signal);
  if (isLeft(connection)) return connection;
  connection.right.close();
  return right({ fingerprint, isKnown: expectedKey !== null });
}

/** The host key that the server shows now, of the kind of `expected` if it has one; nothing is sent to it. */
export async function shownKey(
  door: Door,
  expected: string | null,
  options: WayOptions,
  signal: AbortSignal,
): Promise<Either<Failure, ShownHostKey>> {
  const username = await options.username();
  if (isLeft(username)) return username;
  // A server that has lost the kind of key that is remembered shows one of another.
  for (const kind of expected === null ? [null] : [expected, null]) {
    const socket = await door.reach(username.right, signal);
    if (isLeft(socket)) return socket;
    const shown = await keyOn(socket.right, kind, limitsOf(options).handshakeMs);
    if (shown.key !== null) return right({ key: shown.key, fingerprint: fingerprintOfLine(shown.key) });
    if (kind === null) return left(unreachable('handshake', `${door.host}: ${shown.words}`));
  }
  return left(unreachable('handshake', door.host));
}

interface Shown {
  readonly key: string | null;
  /** What went wrong. */
  readonly words: string;
}

function keyOn(socket: Socket, expected: string | null, limitMs: number): Promise<Shown> {
  return new Promise((resolve) => {
    const client = new Client();
    let key: string | null = null;
    client.on('error', (error) => {
      resolve({ key, words: wordsOf(error) });
      socket.destroy();
    });
    client.on('close', () => {
      resolve({ key, words: 'it closed the connection before it showed a key' });
    });
    client.connect({
      sock: socket,
      username: 'nobody',
      readyTimeout: limitMs,
      algorithms: { serverHostKey: algorithmsFor(expected) },
      hostVerifier: (blob: Buffer) => {
        key = lineOf(blob);
        return false;
      },
    });
  });
}

/** Of `type base64`. */
export function fingerprintOfLine(line: string): string {
  return fingerprintOf(Buffer.from(line.split(' ')[1] ?? '', 'base64'));
}
