import { type ChildProcess, spawn } from 'node:child_process';
import type { Connection, ServerChannel } from 'ssh2';
import { SshServer } from '../lab/sshserver';

/** A device's own SSH server: any user name, the account's keys, true exit codes, end of input handed on. */
export interface TestSshd {
  readonly host: string;
  readonly port: number;
  /** `type base64`. */
  readonly hostKey: string;
  readonly counts: { readonly connections: number; readonly channels: number };
  readonly openChannels: () => number;
  /** Hears of a wish for a shell and never answers it. */
  isMute: boolean;
  stop(): Promise<void>;
}

/** Starts it on a free port of this machine; commands run here. */
export async function startSshd(keys: () => readonly string[]): Promise<TestSshd> {
  const processes = new Set<ChildProcess>();
  const server = new SshServer({
    keysOf: keys,
    exec: (connection, channel, command) => {
      run(connection, channel, command, processes);
    },
  });
  await server.listen();
  return {
    host: server.host,
    port: server.port,
    hostKey: server.hostKey,
    counts: server.counts,
    openChannels: () => processes.size,
    get isMute() {
      return server.isMute;
    },
    set isMute(value) {
      server.isMute = value;
    },
    stop: () => server.stop(),
  };
}

function run(connection: Connection, channel: ServerChannel, command: string, processes: Set<ChildProcess>): void {
  // A group of its own, so that what the shell has started goes with it.
  const child = spawn('sh', ['-c', command], { stdio: 'pipe', detached: true });
  processes.add(child);
  const kill = (): void => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
  };
  connection.on('close', kill);
  child.stdin.on('error', () => undefined);
  channel.on('error', () => undefined);
  channel.pipe(child.stdin);
  child.stdout.pipe(channel, { end: false });
  child.stderr.pipe(channel.stderr, { end: false });
  child.on('close', (code) => {
    processes.delete(child);
    connection.off('close', kill);
    if (channel.destroyed) return;
    channel.exit(code ?? 255);
    channel.end();
  });
}
