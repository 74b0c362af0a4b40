import { setTimeout as pause } from 'node:timers/promises';
import { type Either, isLeft, left } from 'fp-ts/Either';
import type { Device } from '../model/device';
import type { EventSink } from '../model/event';
import type { Failure } from '../model/failure';
import type { HostKeys, Session, Transport } from '../model/ports';
import type { Secret } from '../model/secret';
import type { HostPort } from '../model/settings';
import { type Connection, type ConnectionLimits, login } from './connection';
import { dial, type DialLimits } from './dial';
import { sessionOf } from './session';

export interface GatewayLimits extends DialLimits, ConnectionLimits {
  /** Pauses before another try of a login that was refused, as long as none has succeeded: a key that was registered a
   * moment ago may not be known everywhere yet. */
  readonly loginPausesMs: readonly number[];
}

export interface GatewayOptions {
  readonly address: HostPort;
  /** The account's name. */
  readonly username: () => Promise<Either<Failure, string>>;
  readonly key: () => Promise<{ readonly privateKey: Secret }>;
  readonly hostKeys: HostKeys;
  /** `type base64`, or null: the key seen first is remembered. */
  readonly pinnedHostKey: string | null;
  readonly emit: EventSink;
  readonly limits?: Partial<GatewayLimits>;
}

const LIMITS: GatewayLimits = {
  resolveMs: 10_000,
  connectMs: 15_000,
  handshakeMs: 30_000,
  channelMs: 30_000,
  keepaliveMs: 15_000,
  loginPausesMs: [1000, 3000, 6000],
};

/** balenaCloud's SSH gateway: the account's name as user, the device in the command, exit status always 0. */
export function createGatewayTransport(options: GatewayOptions): Transport {
  const gateway = new Gateway(options);
  return {
    name: 'gateway',
    open: (device, signal) => gateway.open(device, signal),
    close: () => {
      gateway.close();
    },
  };
}

class Gateway {
  readonly #options: GatewayOptions;
  readonly #limits: GatewayLimits;
  readonly #host: string;
  readonly #open = new Set<Session>();
  #hasLoggedIn = false;

  public constructor(options: GatewayOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    this.#host = `${options.address.host}:${String(options.address.port)}`;
  }

  public async open(device: Device, signal: AbortSignal): Promise<Either<Failure, Session>> {
    const session = await this.#shell(`host -s ${device.uuid} sh`, signal);
    const about = { host: this.#host, transport: 'gateway' };
    if (isLeft(session)) {
      this.#options.emit({ event: 'transport.failed', ...about, failure: session.left });
      return session;
    }
    this.#options.emit({ event: 'transport.connected', ...about });
    this.#open.add(session.right);
    void session.right.ended.then(() => {
      this.#open.delete(session.right);
      this.#options.emit({ event: 'transport.closed', ...about });
    });
    return session;
  }

  public close(): void {
    for (const session of this.#open) session.close();
  }

  async #shell(command: string, signal: AbortSignal): Promise<Either<Failure, Session>> {
    const connection = await this.#connected(signal);
    if (isLeft(connection)) return connection;
    const session = await connection.right.exec(command, (channel) => sessionOf(channel, connection.right));
    if (isLeft(session)) connection.right.close();
    return session;
  }

  async #connected(signal: AbortSignal): Promise<Either<Failure, Connection>> {
    for (const pauseMs of this.#limits.loginPausesMs) {
      const connection = await this.#loggedIn(signal);
      const refused = isLeft(connection) && connection.left.kind === 'auth-rejected' && connection.left.who === 'ssh';
      if (!refused || this.#hasLoggedIn) return connection;
      await pause(pauseMs, null, { signal }).catch(() => null);
      if (signal.aborted) return left({ kind: 'cancelled', by: 'shutdown' });
    }
    return this.#loggedIn(signal);
  }

  async #loggedIn(signal: AbortSignal): Promise<Either<Failure, Connection>> {
    const username = await this.#options.username();
    if (isLeft(username)) return username;
    const { privateKey } = await this.#options.key();
    const socket = await dial(this.#options.address, this.#limits, signal);
    if (isLeft(socket)) return socket;
    const { hostKeys, pinnedHostKey } = this.#options;
    const who = {
      host: this.#host,
      username: username.right,
      privateKey,
      expectedKey: pinnedHostKey ?? hostKeys.lookup(this.#host),
      trust: (key: string, fingerprint: string) => {
        hostKeys.remember(this.#host, key);
        this.#options.emit({ event: 'hostkey.remembered', host: this.#host, fingerprint });
      },
    };
    const connection = await login(socket.right, who, this.#limits, signal);
    if (!isLeft(connection)) this.#hasLoggedIn = true;
    return connection;
  }
}
