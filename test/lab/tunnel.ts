import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, isIP, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createServer as createTlsServer } from 'node:tls';

export interface LabTunnelOptions {
  readonly host?: string;
  /** Whether it speaks TLS, with a certificate of its own that names `host` and this machine. */
  readonly tls: boolean;
  /** Whether the API lets the token reach the device. */
  readonly accepts: (token: string, uuid: string) => boolean;
  /** Where the device's own SSH server listens, or null for a device that is not connected. */
  readonly addressOf: (uuid: string) => { readonly host: string; readonly port: number } | null;
}

/** What it does instead of answering well. */
export type TunnelFault =
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'text'; readonly text: string }
  /** An honest answer, its bytes sent one by one. */
  | { readonly kind: 'slow'; readonly pauseMs: number }
  /** An honest answer, sent together with the device's first bytes. */
  | { readonly kind: 'one-packet' }
  | { readonly kind: 'silent' }
  | { readonly kind: 'close' };

/** balena's tunnel server: `CONNECT <uuid>.balena:22222`, refusals as the real one makes them. */
export interface LabTunnel {
  readonly host: string;
  readonly port: number;
  /** PEM of the certificate to trust, or null without TLS. */
  readonly ca: string | null;
  /** Null: none. It stays until it is changed. */
  fault: TunnelFault | null;
  /** What was asked for since the start. */
  readonly requests: readonly string[];
  /** Connections of clients that are open now. */
  readonly openConnections: () => number;
  /** Breaks all links without a goodbye. */
  cut(): void;
  stop(): Promise<void>;
}

/** Starts the tunnel server on a free port. */
export async function startTunnel(options: LabTunnelOptions): Promise<LabTunnel> {
  const tunnel = new Tunnel(options);
  await tunnel.listen();
  return tunnel;
}

const STATUSES: ReadonlyMap<number, string> = new Map([
  [200, 'OK'],
  [400, 'Bad Request'],
  [403, 'Forbidden'],
  [404, 'Not Found'],
  [407, 'Proxy Authorization Required'],
  [500, 'Internal Server Error'],
  [503, 'Service Unavailable'],
]);

function answer(status: number): string {
  return `HTTP/1.0 ${String(status)} ${STATUSES.get(status) ?? 'Unknown'}\r\n\r\n`;
}

class Tunnel implements LabTunnel {
  public readonly host: string;
  public readonly ca: string | null;
  public readonly requests: string[] = [];
  public port = 0;
  public fault: TunnelFault | null = null;
  readonly #options: LabTunnelOptions;
  readonly #server: Server;
  readonly #clients = new Set<Socket>();

  public constructor(options: LabTunnelOptions) {
    this.#options = options;
    this.host = options.host ?? '127.0.0.1';
    const pair = options.tls ? newCertificate(this.host) : null;
    this.ca = pair?.cert ?? null;
    this.#server = pair === null ? createServer({ noDelay: true }) : createTlsServer({ ...pair, noDelay: true });
    this.#server.on(pair === null ? 'connection' : 'secureConnection', (client: Socket) => {
      void this.#serve(client);
    });
  }

  public openConnections(): number {
    return this.#clients.size;
  }

  public async listen(): Promise<void> {
    this.#server.listen(0, this.host);
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (typeof address === 'object' && address !== null) this.port = address.port;
  }

  public cut(): void {
    for (const client of this.#clients) client.destroy();
  }

  public async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }

  async #serve(client: Socket): Promise<void> {
    this.#clients.add(client);
    client.on('error', () => undefined);
    client.on('close', () => this.#clients.delete(client));
    const request = await headerOf(client);
    if (request === null) return;
    const { fault } = this;
    if (fault?.kind === 'silent') return;
    if (fault?.kind === 'close') client.destroy();
    else if (fault?.kind === 'text') client.write(fault.text);
    else if (fault?.kind === 'status') client.end(answer(fault.status));
    else await this.#answer(client, request, fault);
  }

  async #answer(client: Socket, request: string, fault: TunnelFault | null): Promise<void> {
    const wish = this.#judge(request);
    if (typeof wish === 'number') {
      client.end(answer(wish));
      return;
    }
    const device = connect({ ...wish, noDelay: true });
    device.on('error', () => undefined);
    client.on('close', () => device.destroy());
    try {
      await once(device, 'connect');
    } catch {
      client.end(answer(500));
      return;
    }
    await welcome(client, device, fault);
    client.pipe(device);
    device.pipe(client);
    device.on('close', () => client.destroy());
  }

  /** Where to, or the status of a refusal. */
  #judge(request: string): number | { readonly host: string; readonly port: number } {
    const [, to] = /^CONNECT (\S+) HTTP\/1\.[01]\r\n/.exec(request) ?? [];
    if (to === undefined) return 400;
    this.requests.push(to);
    const [, uuid] = /^([0-9a-f]+)\.balena:22222$/.exec(to) ?? [];
    if (uuid === undefined) return 403;
    const token = tokenOf(request);
    if (token === null || !this.#options.accepts(token, uuid)) return 407;
    return this.#options.addressOf(uuid) ?? 503;
  }
}

function tokenOf(request: string): string | null {
  const [, credentials = ''] = /\r\nProxy-Authorization: Basic ([A-Za-z0-9+/=]+)\r\n/i.exec(request) ?? [];
  return /^[^:]*:(.+)$/s.exec(Buffer.from(credentials, 'base64').toString('utf8'))?.[1] ?? null;
}

/** The request up to and with its empty line, or null when the client left before that. */
function headerOf(client: Socket): Promise<string | null> {
  return new Promise((resolve) => {
    let held = '';
    const onData = (chunk: Buffer): void => {
      held += chunk.toString('latin1');
      if (!held.includes('\r\n\r\n')) return;
      client.off('data', onData);
      client.pause();
      resolve(held);
    };
    client.on('data', onData);
    client.on('close', () => {
      resolve(null);
    });
  });
}

async function welcome(client: Socket, device: Socket, fault: TunnelFault | null): Promise<void> {
  if (fault?.kind === 'slow') {
    for (const byte of answer(200)) {
      client.write(byte);
      await pause(fault.pauseMs);
    }
  } else if (fault?.kind === 'one-packet') {
    const first = await new Promise<Buffer>((resolve) => {
      device.once('data', resolve);
    });
    device.pause();
    client.write(Buffer.concat([Buffer.from(answer(200)), first]));
  } else {
    client.write(answer(200));
  }
}

function newCertificate(host: string): { readonly key: string; readonly cert: string } {
  const folder = mkdtempSync(join(tmpdir(), 'balena-backup-lab-certificate-'));
  const key = join(folder, 'key.pem');
  const cert = join(folder, 'cert.pem');
  const names = `subjectAltName=${isIP(host) === 0 ? 'DNS' : 'IP'}:${host},DNS:localhost,IP:127.0.0.1`;
  const kind = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '30'];
  const what = ['-subj', '/CN=balena-backup lab', '-addext', names, '-keyout', key, '-out', cert];
  try {
    const made = spawnSync('openssl', [...kind, ...what], { encoding: 'utf8' });
    if (made.status !== 0) throw new Error(`openssl failed: ${made.stderr}`);
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
