import type { Socket } from 'node:net';
import { type Either, isLeft, left } from 'fp-ts/Either';
import { DEVICE_SSH_PORT } from '../model/address';
import type { Device } from '../model/device';
import type { Failure } from '../model/failure';
import type { Transport } from '../model/ports';
import type { Secret } from '../model/secret';
import type { HostPort } from '../model/settings';
import { type Answer, ask } from './ask';
import { cancelled, dial, nameOf, unreachable } from './dial';
import { Pacer } from './pace';
import { secured } from './secure';
import { limitsOf, transportOf, type Way, type WayLimits, type WayOptions } from './way';

export interface TunnelOptions extends WayOptions {
  readonly address: HostPort;
  /** Plain TCP is for tests only. */
  readonly tls: boolean;
  /** The API key: the server asks the API whether it may reach the device. */
  readonly token: Secret;
  /** Certificates to trust instead of the system's, as PEM. */
  readonly ca?: string | null;
  readonly pacer?: Pacer;
  readonly answerMs?: number;
}

/** Longer than an honest answer takes: the server asks the API, and it may pass the request on to another of its kind. */
const ANSWER_MS = 20_000;

/** What a device's own SSH server is called, whichever way leads to it. */
export function deviceHostOf(device: Device): string {
  return `${device.uuid}.balena:${String(DEVICE_SSH_PORT)}`;
}

/** balena's tunnel server, then SSH to the device's own server: exit codes are true. The only cloud way of openBalena. */
export function createTunnelTransport(options: TunnelOptions): Transport {
  return transportOf(tunnelWay(options), options);
}

export function tunnelWay(options: TunnelOptions): Way {
  const pacer = options.pacer ?? new Pacer();
  const tunnel = new Tunnel(options, limitsOf(options));
  return {
    name: 'tunnel',
    hostOf: deviceHostOf,
    pinnedHostKey: null,
    commandFor: () => 'sh',
    reach: (device, username, signal) =>
      pacer.paced(device.uuid, signal, () => tunnel.through(deviceHostOf(device), username, signal)),
    namedFailure: () => null,
  };
}

class Tunnel {
  readonly #options: TunnelOptions;
  readonly #limits: WayLimits;
  readonly #server: string;

  public constructor(options: TunnelOptions, limits: WayLimits) {
    this.#options = options;
    this.#limits = limits;
    this.#server = `the tunnel server ${nameOf(options.address)}`;
  }

  public async through(to: string, username: string, signal: AbortSignal): Promise<Either<Failure, Socket>> {
    const socket = await this.#connected(signal);
    if (isLeft(socket)) return socket;
    const limitMs = this.#options.answerMs ?? ANSWER_MS;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
    const answer = await ask(socket.right, this.#request(to, username), limit);
    if (answer.kind === 'status' && answer.status === 200) return socket;
    socket.right.destroy();
    if (signal.aborted) return left(cancelled);
    return left(this.#refusal(answer, limitMs));
  }

  async #connected(signal: AbortSignal): Promise<Either<Failure, Socket>> {
    const { address, tls, ca = null } = this.#options;
    const socket = await dial(address, this.#limits, signal);
    if (isLeft(socket) || !tls) return socket;
    return secured(socket.right, { host: address.host, ca, limitMs: this.#limits.connectMs }, signal);
  }

  #request(to: string, username: string): string {
    const credentials = Buffer.from(`${username}:${this.#options.token.reveal()}`).toString('base64');
    return `CONNECT ${to} HTTP/1.0\r\nProxy-Authorization: Basic ${credentials}\r\n\r\n`;
  }

  // The server's own words are left out: a broken one might echo the request, and the token with it.
  #refusal(answer: Answer, limitMs: number): Failure {
    switch (answer.kind) {
      case 'late':
        return { kind: 'timed-out', phase: `the answer of ${this.#server}`, limitMs };
      case 'closed':
        return unreachable('connect', `${this.#server} closed the connection without an answer: check TUNNEL_TLS`);
      case 'garbage':
        return unreachable(
          'connect',
          `${this.#server} answered, but not as a tunnel server does: check TUNNEL_SERVER and TUNNEL_TLS`,
        );
      case 'status':
        return this.#statusFailure(answer.status);
    }
  }

  #statusFailure(status: number): Failure {
    const said = `${this.#server} answered ${String(status)}`;
    if (status === 407) {
      const detail = `${said}: it may not reach this device; its owner needs the role of an operator or more`;
      return { kind: 'auth-rejected', who: 'api', detail };
    }
    return unreachable('connect', `${said}: ${MEANINGS.get(status) ?? 'it has trouble of its own'}`);
  }
}

const MEANINGS: ReadonlyMap<number, string> = new Map([
  [400, 'it did not understand the request; check that TUNNEL_SERVER is a balena tunnel server'],
  [403, 'it does not serve this name; check that TUNNEL_SERVER is a balena tunnel server'],
  [404, 'it does not know the device; check that TUNNEL_SERVER and BALENA_API_URL belong together'],
  [503, 'the device is not connected to balena'],
]);
