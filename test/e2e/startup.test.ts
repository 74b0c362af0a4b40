import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COMMANDS, type CommandName } from '../../src/commands/table';

const LAUNCHER = join(__dirname, '..', '..', 'bin', 'balena-backup');
/**
 * Loading the compiler takes a quarter of a second of processor time, and a command one to two times that. Seconds would say
 * more of the machine, and of what else it does, than of the program.
 */
const LIMIT = 3;
const COMPILER = `require('typescript'); const { user, system } = process.cpuUsage(); console.log((user + system) / 1000)`;
/** A machine that is busy with something else costs caches, too: the best of a few counts. */
const TRIES = 4;
const SAMPLE_MS = 5;
const TICK_MS = 10;

let folder: string;
let server: Server;
/** Some hold words that nobody reads: they would stay open for ever, and the server with them. */
const sockets = new Set<Socket>();
/** Called at each connection. */
let arrived: () => void = () => undefined;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'startup test '));
  server = createServer((socket) => {
    sockets.add(socket);
    arrived();
    socket.on('error', () => undefined);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterAll(async () => {
  const closed = once(server, 'close');
  server.close();
  for (const socket of sockets) socket.destroy();
  await closed;
  rmSync(folder, { recursive: true, force: true });
});

function environment(): Readonly<Record<string, string>> {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? String(address.port) : '';
  return {
    PATH: process.env['PATH'] ?? '',
    CLI_API_KEY: 'key-of-the-test',
    PASSPHRASE: 'passphrase of the test',
    BALENA_API_URL: `http://127.0.0.1:${port}`,
    SSH_GATEWAY: `127.0.0.1:${port}`,
    STATE_DIR: join(folder, 'state'),
    KEYS_DIR: join(folder, 'keys'),
  };
}

/** Processor time that a process has taken, in milliseconds; null when it is gone. */
function takenBy(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    // Behind the name, which may hold anything: user and system time are the 14th and 15th field of all.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    return null;
  }
}

/**
 * Processor time that it takes to its first connection, or to its end where it needs no network. On a machine that does
 * nothing else this is the time that a person waits, and on a busy one it is the same.
 */
async function startOf(words: readonly string[]): Promise<number> {
  const child = spawn(LAUNCHER, words, { env: environment(), stdio: 'ignore' });
  let takenMs = 0;
  const sample = (): void => {
    takenMs = (child.pid === undefined ? null : takenBy(child.pid)) ?? takenMs;
  };
  const sampling = setInterval(sample, SAMPLE_MS);
  const ended = once(child, 'exit');
  const connected = new Promise<void>((resolve) => {
    arrived = () => {
      sample();
      resolve();
    };
  });
  await Promise.race([connected, ended]);
  clearInterval(sampling);
  child.kill('SIGKILL');
  await ended;
  return takenMs;
}

/** Processor time that loading the compiler takes, just now. */
function compilerMs(): number {
  return Number(execFileSync(process.execPath, ['-e', COMPILER], { cwd: __dirname, encoding: 'utf8' }));
}

/** Stands for a gateway that is only known when the tests run. */
const GATEWAY = 'GATEWAY';

const WORDS: Readonly<Record<CommandName, readonly string[]>> = {
  run: [],
  backup: ['kitchen'],
  restore: ['kitchen'],
  execute: ['kitchen', 'collection-status file:///backups'],
  snapshots: ['kitchen'],
  list: ['kitchen'],
  resync: [],
  plan: [],
  why: ['kitchen'],
  status: [],
  history: ['kitchen'],
  doctor: [],
  passphrase: ['kitchen'],
  'accept-host-key': [GATEWAY],
  completion: ['devices'],
};

test.each(COMMANDS.map(({ name }) => name))(
  '%s is at work in less than three times the time that loading the compiler takes',
  async (name) => {
    const words = WORDS[name].map((word) => (word === GATEWAY ? (environment()['SSH_GATEWAY'] ?? '') : word));
    const ratios: number[] = [];
    while (ratios.length < TRIES && !ratios.some((ratio) => ratio < LIMIT)) {
      ratios.push((await startOf([name, ...words])) / compilerMs());
    }

    expect(Math.min(...ratios)).toBeGreaterThan(0);
    expect(Math.min(...ratios)).toBeLessThan(LIMIT);
  },
  60_000,
);
