import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../support/wait';
import { type ProgramOptions, runProgram } from './process';

const ISOLATE = [
  'unshare',
  ...['--mount', '--pid', '--uts', '--fork', '--kill-child', '--mount-proc', '--propagation', 'private'],
];

/** Neither the machine's proxy nor anybody's client settings are the device's. */
export const DEVICE_ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LANG: 'C.UTF-8',
} as const;

/** The namespaces of a device and what runs in them; all of it goes when the process that started it goes. */
export class DeviceBox {
  readonly #folder: string;
  readonly #netns: string;
  #parent: ChildProcess | null = null;
  #closed: Promise<unknown> = Promise.resolve();
  #init = 0;

  public constructor(folder: string, netns: string) {
    this.#folder = folder;
    this.#netns = netns;
  }

  public get isOn(): boolean {
    return this.#parent !== null && this.#parent.exitCode === null && this.#parent.signalCode === null;
  }

  /** The device's own view of its files, as this machine can see it while the device is on. */
  public get root(): string {
    return `/proc/${String(this.#init)}/root`;
  }

  /** Starts the first process, and gives way once it has mounted everything and its engine answers. */
  public async start(): Promise<void> {
    if (this.isOn) return;
    const log = openSync(join(this.#folder, 'boot.log'), 'a');
    const init = ['sh', join(this.#folder, 'init.sh'), 'boot', this.#folder];
    const parent = spawn('setpriv', ['--pdeathsig', 'KILL', 'nsenter', `--net=${this.#netns}`, ...ISOLATE, ...init], {
      stdio: ['ignore', log, log],
      detached: true,
      env: DEVICE_ENVIRONMENT,
      cwd: '/',
    });
    closeSync(log);
    this.#parent = parent;
    this.#closed = once(parent, 'close');
    try {
      await until('the device to boot', () => this.#booted());
      await this.engineReady();
    } catch (error) {
      await this.kill();
      throw new Error(`a device did not start: ${this.#lastWords()}`, { cause: error });
    }
  }

  /** Everything in the device dies in the same instant. */
  public async kill(): Promise<void> {
    if (this.#parent === null) return;
    if (this.isOn) {
      const first = firstChildOf(this.#parent.pid ?? 0) ?? this.#parent.pid ?? 0;
      try {
        process.kill(first, 'SIGKILL');
      } catch {
        // It ended by itself meanwhile.
      }
    }
    // The parent ends when the last process in it has gone.
    await this.#closed;
    this.#parent = null;
    this.#init = 0;
  }

  /** Runs a program in the device's namespaces as root. */
  public run(args: readonly string[], options: ProgramOptions = {}): Promise<string> {
    if (!this.isOn) return Promise.reject(new Error('the device is off'));
    const enter = ['--target', String(this.#init), '--mount', '--pid', '--uts', '--net', '--root', '--wd=/'];
    return runProgram('nsenter', [...enter, '--', ...args], { ...options, env: DEVICE_ENVIRONMENT });
  }

  public async startEngine(): Promise<void> {
    await this.run(['sh', '/run/device/init.sh', 'engine-start']);
    await this.engineReady();
  }

  /** Gives way when the engine has gone. */
  public async stopEngine(signal: 'TERM' | 'KILL'): Promise<void> {
    await this.run(['sh', '/run/device/init.sh', 'engine-stop', signal]);
  }

  public async engineReady(): Promise<void> {
    await until('the engine of a device to answer', async () => {
      if (!this.isOn) throw new Error('the device went off');
      if (!existsSync(`${this.root}/run/docker.sock`)) return null;
      return this.run(['balena-engine', 'version', '--format', '{{.Server.Version}}'], { timeoutMs: 20_000 }).catch(
        () => null,
      );
    });
  }

  #booted(): true | null {
    if (!this.isOn) throw new Error('its first process ended');
    this.#init = firstChildOf(this.#parent?.pid ?? 0) ?? 0;
    return this.#init !== 0 && existsSync(`${this.root}/run/booted`) ? true : null;
  }

  #lastWords(): string {
    const logs = ['boot.log', 'engine.log', 'sshd.log'].map((name) => join(this.#folder, name));
    return logs
      .filter((path) => existsSync(path))
      .map((path) => readFileSync(path, 'utf8').slice(-2000))
      .join('\n');
  }
}

function firstChildOf(pid: number): number | null {
  try {
    const [first] = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8').split(' ');
    return first === undefined || first === '' ? null : Number(first);
  } catch {
    return null;
  }
}
