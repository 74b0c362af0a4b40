import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { type Either, isLeft, left } from 'fp-ts/Either';
import type { Device } from '../model/device';
import type { EventSink } from '../model/event';
import type { Failure } from '../model/failure';
import type { HostKeys } from '../model/hostkey';
import type { Session, Transport } from '../model/ports';
import type { Secret } from '../model/secret';
import type { TransportKind } from '../model/settings';
import { type Connection, type ConnectionLimits, login } from './connection';
import { cancelled, type DialLimits } from './dial';
import type { HostKeyRule } from './hostkey';
import { type NamedFailure, sessionOf } from './session';

export interface WayLimits extends DialLimits, ConnectionLimits {
  /** Pauses before another try of a login that was refused, as long as none has succeeded: a key that was registered a
   * moment ago may not be known everywhere yet. */
  readonly loginPausesMs: readonly number[];
}

/** What every way to a device needs. */
export interface WayOptions {
  /** The account's name. */
  readonly username: () => Promise<Either<Failure, string>>;
  readonly key: () => Promise<Either<Failure, { readonly privateKey: Secret }>>;
  readonly hostKeys: HostKeys;
  readonly emit: EventSink;
  readonly limits?: Partial<WayLimits>;
}

/** What tells one way to a device from the others. */
export interface Way {
  readonly name: TransportKind;
  /** `host:port` of the SSH server, for people and for remembered keys. */
  readonly hostOf: (device: Device) => string;
  /** `type base64`, or null: the key seen first is remembered. */
  readonly pinnedHostKey: string | null;
  /** Gives a shell on the device that reads its script from standard input. */
  readonly commandFor: (device: Device) => string;
  /** A stream to the SSH server. */
  readonly reach: (device: Device, username: string, signal: AbortSignal) => Promise<Either<Failure, Socket>>;
  /** Trouble that shows only when the shell has ended. */
  readonly namedFailure: NamedFailure;
}

/** One SSH server as a way leads to it. */
export interface Door {
  /** `host:port`, for people and for remembered keys. */
  readonly host: string;
  readonly pinnedHostKey: string | null;
  readonly reach: (username: string, signal: AbortSignal) => Promise<Either<Failure, Socket>>;
}

/** The server at the end of a way to one device. */
export function doorTo(device: Device, { hostOf, pinnedHostKey, reach }: Way): Door {
  return { host: hostOf(device), pinnedHostKey, reach: (username, signal) => reach(device, username, signal) };
}

const LIMITS: WayLimits = {
  resolveMs: 10_000,
  connectMs: 15_000,
  handshakeMs: 30_000,
  channelMs: 30_000,
  keepaliveMs: 15_000,
  loginPausesMs: [1000, 3000, 6000],
};

export function limitsOf({ limits }: Pick<WayOptions, 'limits'>): WayLimits {
  return { ...LIMITS, ...limits };
}

/** SSH over a way: one connection and one channel a session, all that happens told as events. */
export function transportOf(way: Way, options: WayOptions): Transport {
  const links = new Links(way, options);
  return {
    name: way.name,
    open: (device, signal) => links.open(device, signal),
    close: () => {
      links.close();
    },
  };
}

class Links {
  readonly #way: Way;
  readonly #options: WayOptions;
  readonly #limits: WayLimits;
  readonly #open = new Set<Session>();
  #hasLoggedIn = false;

  public constructor(way: Way, options: WayOptions) {
    this.#way = way;
    this.#options = options;
    this.#limits = limitsOf(options);
  }

  public async open(device: Device, signal: AbortSignal): Promise<Either<Failure, Session>> {
    const session = await this.#shell(device, signal);
    const { uuid, name } = device;
    const about = { device: { uuid, name }, host: this.#way.hostOf(device), transport: this.#way.name };
    if (isLeft(session)) {
      this.#options.emit({ event: 'transport.failed', ...about, failure: session.left });
      return session;
    }
    this.#options.emit({ event: 'transport.connected', ...about });
    this.#open.add(session.right);
    void session.right.ended.then(({ failure }) => {
      this.#open.delete(session.right);
      // The key that was remembered at this login is that of another device.
      if (failure?.kind === 'device-unreachable' && failure.phase === 'resolve') {
        this.#options.hostKeys.forget(about.host);
      }
      this.#options.emit({ event: 'transport.closed', ...about });
    });
    return session;
  }

  public close(): void {
    for (const session of this.#open) session.close();
  }

  async #shell(device: Device, signal: AbortSignal): Promise<Either<Failure, Session>> {
    const connection = await this.#connected(device, signal);
    if (isLeft(connection)) return connection;
    const command = this.#way.commandFor(device);
    const session = await connection.right.exec(command, (channel) =>
      sessionOf(channel, connection.right, this.#way.namedFailure),
    );
    if (isLeft(session)) connection.right.close();
    return session;
  }

  async #connected(device: Device, signal: AbortSignal): Promise<Either<Failure, Connection>> {
    for (const pauseMs of this.#limits.loginPausesMs) {
      const connection = await this.#loggedIn(device, signal);
      const refused = isLeft(connection) && connection.left.kind === 'auth-rejected' && connection.left.who === 'ssh';
      if (!refused || this.#hasLoggedIn) return connection;
      await pause(pauseMs, null, { signal }).catch(() => null);
      if (signal.aborted) return left(cancelled);
    }
    return this.#loggedIn(device, signal);
  }

  async #loggedIn(device: Device, signal: AbortSignal): Promise<Either<Failure, Connection>> {
    const username = await this.#options.username();
    if (isLeft(username)) return username;
    const key = await this.#options.key();
    if (isLeft(key)) return key;
    const socket = await this.#way.reach(device, username.right, signal);
    if (isLeft(socket)) return socket;
    const who = { username: username.right, privateKey: key.right.privateKey, ...this.#hostKeyRule(device) };
    const connection = await login(socket.right, who, this.#limits, signal);
    if (!isLeft(connection)) this.#hasLoggedIn = true;
    return connection;
  }

  #hostKeyRule(device: Device): HostKeyRule {
    const { hostKeys, emit } = this.#options;
    const host = this.#way.hostOf(device);
    return {
      host,
      expectedKey: this.#way.pinnedHostKey ?? hostKeys.lookup(host),
      trust: (key, fingerprint) => {
        hostKeys.remember(host, key);
        emit({ event: 'hostkey.remembered', host, fingerprint });
      },
    };
  }
}
