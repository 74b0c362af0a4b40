import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Answer, Refusal, type StandIn } from './service';

/**
 * Services on the web at a proxy: whoever has it as HTTPS proxy and trusts its authority reaches them by their own names
 * and port, and nothing else.
 */
export interface Door {
  /** As `https_proxy` wants it. */
  readonly proxy: string;
  /** PEM of the authority to trust. */
  readonly authority: string;
  /** `METHOD host/path status` of each request, in order; no query, since that may hold secrets. */
  readonly calls: readonly string[];
  stop(): Promise<void>;
}

/** Opens it on a free port of the address. */
export async function openDoor(address: string, standIns: readonly StandIn[]): Promise<Door> {
  const hosts = new Map(standIns.flatMap((standIn) => standIn.hosts.map((host) => [host, standIn] as const)));
  const { key, cert, authority } = newCertificate([...hosts.keys()]);
  const calls: string[] = [];
  const inner = createTlsServer({ key, cert }, (request, response) => {
    serve(hosts, request, response).then(
      (status) => {
        calls.push(`${request.method ?? ''} ${request.headers.host ?? ''}${pathOf(request)} ${String(status)}`);
      },
      // Whoever asked went before the request was whole.
      () => undefined,
    );
  });
  const sockets = new Set<Socket>();
  const outer = createServer((_, response) => {
    response.writeHead(405).end();
  });
  outer.on('connect', ({ url = '' }: IncomingMessage, socket: Socket, head: Buffer) => {
    sockets.add(socket);
    if (head.length > 0) socket.unshift(head);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    const known = hosts.has(url.replace(/:443$/, ''));
    if (!known) calls.push(`CONNECT ${url} 403`);
    socket.write(`HTTP/1.1 ${known ? '200 Connection established' : '403 Forbidden'}\r\n\r\n`);
    if (known) inner.emit('connection', socket);
    else socket.end();
  });
  const port = await listening(outer, address);
  return {
    proxy: `http://${address}:${String(port)}`,
    authority,
    calls,
    stop: async () => {
      const closed = once(outer, 'close');
      outer.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

async function listening(server: Server, host: string): Promise<number> {
  server.listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.replace(/\?.*$/s, '');
}

/** Gives the status that it answered with. */
async function serve(
  hosts: ReadonlyMap<string, StandIn>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<number> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array));
  const answer = answerTo(hosts, request, Buffer.concat(chunks));
  const { status, headers = {}, body } = answer;
  const json = body !== undefined && !Buffer.isBuffer(body);
  const content = Buffer.isBuffer(body) ? body : Buffer.from(json ? JSON.stringify(body) : '');
  response.writeHead(status, {
    ...(json ? { 'content-type': 'application/json' } : {}),
    'content-length': String(content.length),
    ...headers,
  });
  response.end(request.method === 'HEAD' ? undefined : content);
  return status;
}

const UNKNOWN: Answer = { status: 501, body: 'the stand-in does not have this' };

function answerTo(hosts: ReadonlyMap<string, StandIn>, request: IncomingMessage, body: Buffer): Answer {
  const { method = '', headers, url = '' } = request;
  const host = headers.host ?? '';
  const { searchParams } = new URL(url, 'https://any');
  try {
    const call = { method, host, path: decodeURIComponent(pathOf(request)), query: searchParams, headers, body };
    return hosts.get(host)?.answer(call) ?? UNKNOWN;
  } catch (error) {
    if (error instanceof Refusal) return error.answer;
    return { status: 500, body: error instanceof Error ? error.stack : String(error) };
  }
}

/** An authority that is used once, for one certificate. */
function newCertificate(names: readonly string[]): Readonly<Record<'key' | 'cert' | 'authority', string>> {
  const folder = mkdtempSync(join(tmpdir(), 'balena-backup-standins-'));
  const at = (name: string): string => join(folder, name);
  const make = (name: string, signed: readonly string[] = []): void => {
    const kind = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', '-config', at('config')];
    const what = ['-extensions', name, '-keyout', at(`${name}.key`), '-out', at(`${name}.pem`), ...signed];
    const made = spawnSync('openssl', [...kind, ...what], { encoding: 'utf8' });
    if (made.status !== 0) throw new Error(`openssl failed: ${made.stderr}`);
  };
  try {
    writeFileSync(at('config'), `${CONFIG}subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}\n`);
    make('authority');
    make('server', ['-CA', at('authority.pem'), '-CAkey', at('authority.key'), '-subj', '/CN=stand-in']);
    const read = (name: string): string => readFileSync(at(name), 'utf8');
    return { key: read('server.key'), cert: read('server.pem'), authority: read('authority.pem') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** With all that a strict client looks for. */
const CONFIG = `
[req]
distinguished_name=name
prompt=no
[name]
CN=authority of the stand-ins
[authority]
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign
subjectKeyIdentifier=hash
[server]
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
`;
