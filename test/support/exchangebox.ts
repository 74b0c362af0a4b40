import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

const DEVICE = join(__dirname, '..', '..', 'src', 'executors', 'device');
const FILES = ['disk.py', 'engine.py', 'exchange.py', 'listing.py', 'restore.py'];
const CRASHED = 137;

/**
 * Lives as forks of one process. Each counts the steps that change something, and dies before the one that is asked
 * for, as in a power cut. The engine hears of every exchange. Nothing waits for a disk.
 */
const INJECTED = `
import traceback

UNDO_SHARE = 0.0
STEPS = DEADLY = 0
SLOW = False

def step(real):
    def stepped(*given, **named):
        global STEPS
        STEPS += 1
        if STEPS == DEADLY:
            os._exit(137)
        return real(*given, **named)
    return stepped

def told(*given, real=exchange):
    ask('POST', '/exchanging')
    return False if SLOW else real(*given)

exchange = step(told)
ask = step(ask)
drop = step(drop)
flush = os.fsync = lambda *_: None
for name in ('rename', 'replace'):
    setattr(os, name, step(getattr(os, name)))
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        DEADLY, SLOW = int(line.split()[0]), line.split()[1] == 'slow'
        try:
            abandon() if line.split()[2:] == ['abandon'] else go_on()
            sys.stdout.flush()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    print('ended', os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
`;

export interface FakeContainer {
  readonly name: string;
  readonly service: string | null;
  readonly volumes: readonly string[];
  up: boolean;
}

export interface Life {
  readonly crashed: boolean;
  readonly code: number;
  readonly result: Readonly<Record<string, unknown>> | null;
}

/** The part of a device that an exchange sees: volumes, staging, locks and an engine that only notes what it is told. */
export class ExchangeBox {
  public readonly root = mkdtempSync(join(tmpdir(), 'bb-exchange-'));
  public readonly containers: FakeContainer[] = [];
  /** What was up while contents were exchanged. */
  public readonly upMeanwhile = new Set<string>();
  /** Asked what to answer a `stop` with; null: it stops. */
  public refusesToStop: (name: string) => boolean = () => false;
  readonly #server: Server;
  readonly #python: ChildProcessByStdio<Writable, Readable, null>;
  readonly #said: AsyncIterator<string, undefined>;

  public constructor() {
    mkdirSync(join(this.root, 'supervisor/services'), { recursive: true });
    mkdirSync(join(this.root, 'engine/volumes/balena-backup-staging/_data'), { recursive: true });
    this.#server = createServer((request, response) => {
      const [status, body] = this.#answer(request.method ?? '', request.url ?? '');
      request.resume();
      response.writeHead(status).end(body === null ? '' : JSON.stringify(body));
    });
    const file = join(this.root, 'program.py');
    writeFileSync(file, programIn(this.root));
    this.#python = spawn('python3', ['-I', file], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#said = createInterface({ input: this.#python.stdout })[Symbol.asyncIterator]();
  }

  public async open(): Promise<void> {
    this.#server.listen(join(this.root, 'engine/engine.sock'));
    await once(this.#server, 'listening');
  }

  public close(): void {
    this.#python.stdin.end();
    this.#server.close();
    this.#server.closeAllConnections();
    rmSync(this.root, { recursive: true, force: true });
  }

  public volume(name: string): string {
    return join(this.root, 'engine/volumes', `7_${name}`, '_data');
  }

  public staging(path: string): string {
    return join(this.root, 'engine/volumes/balena-backup-staging/_data', path);
  }

  public put(path: string, text: string): void {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  /** Files below a folder and what is in them. */
  public contentOf(path: string): Readonly<Record<string, string>> {
    if (!existsSync(path)) return {};
    const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    return Object.fromEntries(
      files.map((entry) => {
        const file = join(entry.parentPath, entry.name);
        return [file.slice(path.length + 1), readFileSync(file, 'utf8')];
      }),
    );
  }

  /** An order whose content is staged and checked. */
  public order(order: Readonly<Record<string, unknown>>): void {
    this.put(this.staging('work/order.json'), JSON.stringify({ app: 7, nonce: 'n0nce', ...order }));
    this.put(this.staging('work/n0nce.py'), '');
    this.put(this.staging('work/ready'), '');
  }

  /** One life of the container: to its end, or up to the step before which it dies (0: none). */
  public live(deadlyStep = 0, way: 'fast' | 'slow' = 'fast'): Promise<Life> {
    return this.#lived(`${String(deadlyStep)} ${way} go-on`);
  }

  /** What the next run does with what this one left, when its container is gone. */
  public abandon(): Promise<Life> {
    return this.#lived('0 fast abandon');
  }

  async #lived(words: string): Promise<Life> {
    const lines: string[] = [];
    this.#python.stdin.write(`${words}\n`);
    for (;;) {
      const line = (await this.#said.next()).value ?? 'ended -1';
      const [, code] = /^ended (-?\d+)$/.exec(line) ?? [];
      if (code !== undefined) return { crashed: Number(code) === CRASHED, code: Number(code), result: resultIn(lines) };
      lines.push(line);
    }
  }

  #answer(method: string, url: string): readonly [number, unknown] {
    const [, id, word = ''] = /^\/containers\/(\w+)\/(stop|start)/.exec(url) ?? [];
    if (id !== undefined) return this.#told(id, word);
    if (url === '/exchanging') return this.#exchanging();
    if (url.startsWith('/containers/json')) return [200, this.containers.map(rowOf)];
    if (method === 'GET' && url === '/volumes') {
      const names = readdirSync(join(this.root, 'engine/volumes'));
      return [200, { Volumes: names.map((Name) => ({ Name, Labels: { 'io.balena.app-uuid': 'fleet' } })) }];
    }
    return [404, null];
  }

  #exchanging(): readonly [number, unknown] {
    for (const each of this.containers) if (each.up) this.upMeanwhile.add(each.name);
    return [200, null];
  }

  #told(id: string, word: string): readonly [number, unknown] {
    const container = this.containers.find(({ name }) => name === id);
    if (container === undefined) return [404, null];
    if (word === 'stop' && this.refusesToStop(container.name)) return [500, { message: 'it will not' }];
    const before = container.up;
    container.up = word === 'start';
    return [before === container.up ? 304 : 204, null];
  }
}

/** The device's program, with the container's mounts below `root`. */
function programIn(root: string): string {
  const source = FILES.map((file) => readFileSync(join(DEVICE, file), 'utf8')).join('\n\n');
  const moved = source
    .slice(0, source.lastIndexOf("if __name__ == '__main__'"))
    .replaceAll("'/engine/", `'${root}/engine/`)
    .replaceAll("'/supervisor/", `'${root}/supervisor/`);
  return moved + INJECTED;
}

function resultIn(lines: readonly string[]): Life['result'] {
  const last = lines.findLast((line) => / c result /.test(line));
  const result: unknown = last === undefined ? null : JSON.parse(last.replace(/^.* c result /, ''));
  return typeof result === 'object' && result !== null ? Object.fromEntries(Object.entries(result)) : null;
}

function rowOf({ name, service, volumes, up }: FakeContainer): object {
  const labels = service === null ? {} : { 'io.balena.service-name': service, 'io.balena.app-id': '7' };
  return {
    Id: name,
    Names: [`/${name}`],
    State: up ? 'running' : 'exited',
    Labels: labels,
    Mounts: volumes.map((volume) => ({ Type: 'volume', Name: `7_${volume}` })),
  };
}
