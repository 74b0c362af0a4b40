import type { ChildProcess } from 'node:child_process';
import type { Connection, ServerChannel } from 'ssh2';
import { SshServer } from './sshserver';

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
  /** How many connections, and shells on them, are open now. */
  readonly openConnections: () => number;
  readonly openChannels: () => number;
  /** Breaks all links without a goodbye; what runs behind them gets SIGTERM. */
  cut(): void;
  /** Dies; nobody is there until it is started again. */
  stop(): Promise<void>;
  /** On the same port. */
  start(): Promise<void>;
}

/** Starts the gateway on a free port. */
export async function startGateway(options: GatewayOptions): Promise<LabGateway> {
  const processes = new Set<ChildProcess>();
  const server = new SshServer({
    ...(options.host === undefined ? {} : { host: options.host }),
    keysOf: options.keysOf,
    exec: (connection, channel, command) => {
      enter({ options, processes, connection, channel }, command);
    },
  });
  await server.listen();
  return {
    host: server.host,
    port: server.port,
    hostKey: server.hostKey,
    counts: server.counts,
    openConnections: () => server.openConnections(),
    openChannels: () => processes.size,
    cut: () => {
      server.cut();
    },
    stop: async () => {
      const stopped = server.stop();
      for (const each of processes) each.kill('SIGKILL');
      await stopped;
    },
    start: () => server.listen(),
  };
}

/** One shell that was asked for. */
interface Visit {
  readonly options: GatewayOptions;
  readonly processes: Set<ChildProcess>;
  readonly connection: Connection;
  readonly channel: ServerChannel;
}

function enter(visit: Visit, command: string): void {
  const { options, channel } = visit;
  const [, uuid, rest] = /^host (?:-s )?([0-9a-f]{32}|[0-9a-f]{62}) (.+)$/s.exec(command) ?? [];
  if (uuid === undefined || rest === undefined) {
    end(channel, 'error: unknown command\n');
    return;
  }
  if (!options.isConnected(uuid)) {
    end(channel, `error: host error: device ${uuid} is not connected\n`);
    return;
  }
  const child = options.door.open(uuid, rest);
  if (child === null) {
    end(channel, `error: host error: device ${uuid} could not be reached\n`);
    return;
  }
  join(visit, child);
}

function join({ connection, channel, processes }: Visit, child: ChildProcess): void {
  processes.add(child);
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
    processes.delete(child);
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

function end(channel: ServerChannel, words: string): void {
  if (channel.destroyed) return;
  if (words !== '') channel.stderr.write(words);
  channel.exit(0);
  channel.end();
}
