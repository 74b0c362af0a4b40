import { type ChildProcess, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AuthContext, type Connection, Server, type ServerChannel, utils } from 'ssh2';

/** How the gateway gets into a device: a process that runs the command there, or null for a device it does not know. */
export interface GatewayDoor {
  open(uuid: string, command: string): ChildProcess | null;
}

export interface GatewayOptions {
  readonly host?: string;
  /** Public keys (OpenSSH lines) of an account. */
  readonly keysOf: (username: string) => readonly string[];
  readonly isConnected: (uuid: string) => boolean;
  readonly door: GatewayDoor;
}

/** balenaCloud's SSH gateway with its properties: exit status always 0, end of input not forwarded. */
export interface LabGateway {
  readonly host: string;
  readonly port: number;
  /** `type base64` of its host key. */
  readonly hostKey: string;
  /** Connections that logged in and shells that were opened since the start. */
  readonly counts: { readonly connections: number; readonly channels: number };
  /** How many shells are open now. */
  readonly openChannels: () => number;
  /** Breaks all links without a goodbye; what runs behind them gets SIGTERM. */
  cut(): void;
  stop(): Promise<void>;
}

/** Starts the gateway on a free port. */
export async function startGateway(options: GatewayOptions): Promise<LabGateway> {
  const gateway = new Gateway(options);
  await gateway.listen();
  return gateway;
}

class Gateway implements LabGateway {
  public readonly host: string;
  public readonly hostKey: string;
  public port = 0;
  public readonly counts = { connections: 0, channels: 0 };
  readonly #options: GatewayOptions;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  readonly #processes = new Set<ChildProcess>();

  public constructor(options: GatewayOptions) {
    this.#options = options;
    this.host = options.host ?? '127.0.0.1';
    const { privateKey, publicKey } = newHostKey();
    this.hostKey = publicKey;
    this.#server = new Server({ hostKeys: [privateKey] }, (connection) => {
      this.#serve(connection);
    });
  }

  public openChannels(): number {
    return this.#processes.size;
  }

  public async listen(): Promise<void> {
    this.#server.listen(0, this.host);
    await once(this.#server, 'listening');
    const address: unknown = this.#server.address();
    if (typeof address === 'object' && address !== null && 'port' in address) this.port = Number(address.port);
  }

  public cut(): void {
    for (const connection of this.#connections) destroy(connection);
  }

  public async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    for (const each of this.#processes) each.kill('SIGKILL');
    await closed;
  }

  #serve(connection: Connection): void {
    this.#connections.add(connection);
    let username = '';
    connection.on('authentication', (context) => {
      ({ username } = context);
      if (isAllowed(context, this.#options.keysOf(username))) context.accept();
      else context.reject(['publickey']);
    });
    connection.on('error', () => undefined);
    connection.on('close', () => {
      this.#connections.delete(connection);
    });
    connection.on('ready', () => {
      this.counts.connections += 1;
      connection.on('session', (accept) => {
        accept().on('exec', (acceptExec, _reject, { command }) => {
          this.counts.channels += 1;
          this.#enter(connection, acceptExec(), command);
        });
      });
    });
  }

  #enter(connection: Connection, channel: ServerChannel, command: string): void {
    const [, uuid, rest] = /^host (?:-s )?([0-9a-f]{32}|[0-9a-f]{62}) (.+)$/s.exec(command) ?? [];
    if (uuid === undefined || rest === undefined) {
      end(channel, 'error: unknown command\n');
      return;
    }
    if (!this.#options.isConnected(uuid)) {
      end(channel, `error: host error: device ${uuid} is not connected\n`);
      return;
    }
    const child = this.#options.door.open(uuid, rest);
    if (child === null) {
      end(channel, `error: host error: device ${uuid} could not be reached\n`);
      return;
    }
    this.#join(connection, channel, child);
  }

  #join(connection: Connection, channel: ServerChannel, child: ChildProcess): void {
    this.#processes.add(child);
    child.stdin?.on('error', () => undefined);
    channel.on('error', () => undefined);
    // End of input stops here: the process behind waits for more.
    channel.on('data', (data: Buffer) => child.stdin?.write(data));
    child.stdout?.on('data', (data: Buffer) => channel.write(data));
    child.stderr?.on('data', (data: Buffer) => channel.stderr.write(data));
    const leave = (): void => {
      child.kill('SIGTERM');
    };
    connection.on('close', leave);
    child.on('error', () => {
      end(channel, 'error: host error: the device closed the connection\n');
    });
    child.on('exit', () => {
      this.#processes.delete(child);
      connection.off('close', leave);
      // What the child left running may hold its output open for ever: the rest of the output gets a moment.
      setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      }, 500).unref();
    });
    child.on('close', () => {
      end(channel, '');
    });
  }
}

function end(channel: ServerChannel, words: string): void {
  if (channel.destroyed) return;
  if (words !== '') channel.stderr.write(words);
  channel.exit(0);
  channel.end();
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

/** Without a goodbye: ssh2 itself would send one. */
function destroy(connection: Connection): void {
  const socket: unknown = Reflect.get(connection, '_sock');
  if (socket instanceof Socket) socket.destroy();
}

/** Made by ssh-keygen: one in two hundred keys of ssh2's own maker cannot be read back. */
function newHostKey(): { readonly privateKey: string; readonly publicKey: string } {
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
