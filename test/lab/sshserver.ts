import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server as TcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AuthContext, type Connection, Server, type ServerChannel, utils } from 'ssh2';

export interface SshServerOptions {
  readonly host?: string;
  /** Public keys (OpenSSH lines) that let a user in. */
  readonly keysOf: (username: string) => readonly string[];
  /** A command that a client asks for, without a terminal. */
  readonly exec: (connection: Connection, channel: ServerChannel, command: string) => void;
}

/** An SSH server on a port of its own that lets keys in and hands commands on. */
export class SshServer {
  public readonly host: string;
  /** `type base64`. */
  public readonly hostKey: string;
  public port = 0;
  /** Connections that logged in and commands that were asked for since the start. */
  public readonly counts = { connections: 0, channels: 0 };
  /** Hears of a wish for a shell and never answers it. */
  public isMute = false;
  readonly #options: SshServerOptions;
  readonly #server: TcpServer;
  /** Of links that have not said a word yet, too: ssh2 knows only those that have. */
  readonly #sockets = new Set<Socket>();

  public constructor(options: SshServerOptions) {
    this.#options = options;
    this.host = options.host ?? '127.0.0.1';
    const { privateKey, publicKey } = newKeyPair();
    this.hostKey = publicKey;
    const ssh = new Server({ hostKeys: [privateKey] }, (connection) => {
      this.#serve(connection);
    });
    // As the real ones: two small packets in a row would wait for an acknowledgement otherwise.
    this.#server = createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => {
        this.#sockets.delete(socket);
      });
      ssh.injectSocket(socket);
    });
  }

  public openConnections(): number {
    return this.#sockets.size;
  }

  /** On a free port, and on the same one after a stop. */
  public async listen(): Promise<void> {
    this.#server.listen(this.port, this.host);
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (typeof address === 'object' && address !== null) this.port = address.port;
  }

  /** Breaks all links without a goodbye. */
  public cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  public async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }

  #serve(connection: Connection): void {
    let username = '';
    connection.on('authentication', (context) => {
      ({ username } = context);
      if (isAllowed(context, this.#options.keysOf(username))) context.accept();
      else context.reject(['publickey']);
    });
    connection.on('error', () => undefined);
    connection.on('ready', () => {
      this.counts.connections += 1;
      connection.on('session', (accept) => {
        accept().on('exec', (acceptExec, _reject, { command }) => {
          this.counts.channels += 1;
          if (this.isMute) return;
          this.#options.exec(connection, acceptExec(), command);
        });
      });
    });
  }
}

function isAllowed(context: AuthContext, keys: readonly string[]): boolean {
  if (context.method !== 'publickey') return false;
  const wanted = context.key.data.toString('base64');
  const line = keys.find((key) => key.split(' ')[1] === wanted);
  if (line === undefined) return false;
  if (context.signature === undefined || context.blob === undefined) return true;
  const key = utils.parseKey(line);
  return !(key instanceof Error) && key.verify(context.blob, context.signature, context.hashAlgo);
}

/** An ed25519 pair; the public half as `type base64`. Made by ssh-keygen: one in two hundred keys of ssh2's own maker cannot be read back. */
export function newKeyPair(): { readonly privateKey: string; readonly publicKey: string } {
  const folder = mkdtempSync(join(tmpdir(), 'balena-backup-lab-key-'));
  try {
    const file = join(folder, 'key');
    const made = spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', file], { encoding: 'utf8' });
    if (made.status !== 0) throw new Error(`ssh-keygen failed: ${made.stderr}`);
    return { privateKey: readFileSync(file, 'utf8'), publicKey: readFileSync(`${file}.pub`, 'utf8').trim() };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
