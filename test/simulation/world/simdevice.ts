import type { DeviceUuid } from '../../../src/model/brand';
import type { Session } from '../../../src/model/ports';
import { playedSession } from '../../support/session';
import type { Random } from './random';
import type { VirtualTime } from './virtualtime';

/** What a run is to its device: what the script says of it. */
export interface Order {
  readonly nonce: string;
  readonly runId: string;
  readonly slot: string;
  readonly isStart: boolean;
  /** Nonces of runs whose containers may go. */
  readonly forget: readonly string[];
}

/** How a container ends, as it is known once it has: its `result` line, or null where it could not say one. */
export interface ContainerEnd {
  readonly result: string | null;
  readonly exitCode: number;
  readonly isStored: boolean;
}

interface Container {
  readonly order: Order;
  end: ContainerEnd | null;
  endedAt: number;
  readonly over: Promise<void>;
  readonly settle: () => void;
}

/** What devices need of their world, and tell it. */
export interface DeviceWorld {
  readonly time: VirtualTime;
  readonly random: Random;
  /** The time limit of a run, which the device itself sees to. */
  readonly runTimeoutMs: number;
  durationMs(): number;
  endOf(): ContainerEnd;
  /** Whether the link breaks just now, when an answer is on its way. */
  losesReply(): boolean;
  asked(device: SimDevice, order: Order): void;
  started(device: SimDevice, order: Order): void;
  stored(device: SimDevice, order: Order): void;
}

const HOUR = 3_600_000;
const HUNG_MS = 60_000;
/** How long a script waits for the engine's first answer. */
const ENGINE_LIMIT_MS = 60_000;

const TIMED_OUT: ContainerEnd = {
  result: '{"ok":false,"step":"backup","exit":137,"error":"","words":"","limit":"run"}',
  exitCode: 0,
  isStored: false,
};

interface Hang {
  readonly over: Promise<void>;
  readonly end: () => void;
}

/** A device with its engine, as `device/host.sh` finds it: the name of the container is the lock. */
export class SimDevice {
  public isOn = true;
  public latencyMs = 50;
  readonly #world: DeviceWorld;
  readonly #links = new Set<Link>();
  #container: Container | null = null;
  #hang: Hang | null = null;
  #boot = 0;

  public constructor(
    public readonly uuid: DeviceUuid,
    world: DeviceWorld,
  ) {
    this.#world = world;
  }

  public get isBusy(): boolean {
    return this.#container?.end === null;
  }

  /** The shells of scripts that start a run, by the run's nonce. */
  public get starting(): ReadonlySet<string> {
    return new Set([...this.#links].flatMap(({ order }) => (order?.isStart === true ? [order.nonce] : [])));
  }

  public connect(): Link {
    for (const each of this.#links) if (!each.isOpen) this.#links.delete(each);
    const link = new Link(this.#world.time, this.latencyMs, (text) => {
      this.#hear(link, text);
    });
    this.#links.add(link);
    return link;
  }

  public cutLinks(isSilent: boolean): void {
    for (const link of this.#links) link.break(isSilent ? HUNG_MS : 0);
    this.#links.clear();
  }

  /** The engine answers nobody from now on: shells wait for it, and their links stay open. Containers go on. */
  public hang(): void {
    let end: () => void = () => undefined;
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#hang ??= { over, end };
  }

  public recover(): void {
    this.#hang?.end();
    this.#hang = null;
  }

  public turnOff(): void {
    this.isOn = false;
    this.#boot += 1;
    this.cutLinks(true);
    this.recover();
    this.#end({ result: null, exitCode: 255, isStored: false });
  }

  /** The engine's state is kept, or lost with the card that it was on. */
  public turnOn(isNew: boolean): void {
    this.isOn = true;
    if (isNew) this.#container = null;
  }

  #hear(link: Link, text: string): void {
    this.#world.time.after(this.latencyMs, () => {
      if (!this.#links.has(link) || !link.isOpen || !this.isOn) return;
      if (text.startsWith('ack ')) void this.#acknowledge(link, text.trim());
      else void this.#script(link, orderOf(text));
    });
  }

  async #engine(): Promise<void> {
    while (this.#hang !== null) await this.#hang.over;
  }

  async #script(link: Link, order: Order): Promise<void> {
    link.order = order;
    this.#world.asked(this, order);
    if (this.#hang !== null) {
      await this.#world.time.sleep(ENGINE_LIMIT_MS);
      link.end(order.isStart ? `${order.nonce} - failed engine it does not answer` : '');
      return;
    }
    link.say(`${order.nonce} - phase preparing`);
    switch (this.#nameFor(order)) {
      case 'other':
        link.end(`${order.nonce} - busy ${this.#container?.order.runId ?? ''}`);
        return;
      case 'free':
        if (order.isStart) await this.#start(link, order);
        else link.end(`${order.nonce} - gone`);
        return;
      case 'own':
        await this.#follow(link, order);
    }
  }

  #nameFor(order: Order): 'free' | 'own' | 'other' {
    const holder = this.#container;
    if (holder === null) return 'free';
    if (holder.order.nonce === order.nonce) return 'own';
    const isOld = this.#world.time.trueMs - holder.endedAt > HOUR;
    const mayGo = holder.end !== null && (isOld || order.forget.includes(holder.order.nonce));
    if (!mayGo) return 'other';
    this.#container = null;
    return 'free';
  }

  async #start(link: Link, order: Order): Promise<void> {
    const { time, random } = this.#world;
    const boot = this.#boot;
    await time.sleep(random.waitMs(3000));
    await this.#engine();
    if (this.#boot !== boot) return;
    // The shell of a broken link may or may not go on.
    if (!link.isOpen && random.chance(0.5)) return;
    if (this.#container === null) this.#run(order);
    else if (this.#container.order.nonce !== order.nonce) {
      link.end(`${order.nonce} - busy ${this.#container.order.runId}`);
      return;
    }
    link.say(`${order.nonce} - phase running`);
    if (this.#world.losesReply()) this.cutLinks(random.chance(0.5));
    await this.#follow(link, order);
  }

  #run(order: Order): void {
    let settle: () => void = () => undefined;
    const over = new Promise<void>((resolve) => {
      settle = resolve;
    });
    const container: Container = { order, end: null, endedAt: Number.POSITIVE_INFINITY, over, settle };
    this.#container = container;
    this.#world.started(this, order);
    const { time, runTimeoutMs } = this.#world;
    const durationMs = this.#world.durationMs();
    time.after(Math.min(durationMs, runTimeoutMs), () => {
      if (this.#container !== container || container.end !== null) return;
      this.#end(durationMs > runTimeoutMs ? TIMED_OUT : this.#world.endOf());
    });
  }

  #end(end: ContainerEnd): void {
    const container = this.#container;
    if (container === null || container.end !== null) return;
    container.end = end;
    container.endedAt = this.#world.time.trueMs;
    if (end.isStored) this.#world.stored(this, container.order);
    container.settle();
  }

  async #follow(link: Link, { nonce, runId }: Order): Promise<void> {
    const container = this.#container;
    if (container === null) return;
    link.say(`${nonce} 1 c read`, `${nonce} 2 c phase running`);
    await container.over;
    await this.#engine();
    if (container.end === null || !link.isOpen) return;
    const { result, exitCode } = container.end;
    if (result !== null) link.say(`${nonce} 3 c result ${result}`);
    link.say(`${nonce} - ended ${String(exitCode)} false a b`, `${nonce} - ready ${runId}`);
  }

  async #acknowledge(link: Link, words: string): Promise<void> {
    const { order } = link;
    if (order === null || words !== `ack ${order.nonce} ${order.runId}`) return;
    await this.#engine();
    if (!link.isOpen || !this.isOn) return;
    if (this.#world.losesReply()) {
      link.break(0);
      // On its way there, or on its way back.
      if (this.#world.random.chance(0.5)) return;
    }
    // The next run may have removed it already, and be there itself.
    if (this.#container?.order.nonce === order.nonce) this.#container = null;
    link.end(`${order.nonce} - removed`);
  }
}

/** One shell on a device. What is said takes its time; what is under way when it breaks is lost. */
export class Link {
  public isOpen = true;
  public order: Order | null = null;
  public readonly session: Session;
  readonly #far = playedSession();
  readonly #time: VirtualTime;
  readonly #latencyMs: number;

  public constructor(time: VirtualTime, latencyMs: number, hear: (text: string) => void) {
    this.#time = time;
    this.#latencyMs = latencyMs;
    this.session = {
      lines: this.#far.lines,
      ended: this.#far.ended,
      send: hear,
      close: () => {
        this.isOpen = false;
        this.#far.end();
      },
    };
  }

  public say(...lines: readonly string[]): void {
    this.#time.after(this.#latencyMs, () => {
      if (this.isOpen) this.#far.say(...lines);
    });
  }

  public end(line: string): void {
    this.say(line);
    this.#time.after(this.#latencyMs, () => {
      if (this.isOpen) this.#far.end({ kind: 'closed', exitCode: 0 });
      this.isOpen = false;
    });
  }

  /** The near end finds out so much later. */
  public break(afterMs: number): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    if (afterMs === 0) this.#far.end();
    else {
      this.#time.after(afterMs, () => {
        this.#far.end();
      });
    }
  }
}

function orderOf(script: string): Order {
  const variable = (name: string): string => new RegExp(`^${name}='(.*)'$`, 'm').exec(script)?.[1] ?? '';
  return {
    nonce: variable('NONCE'),
    runId: variable('RUN_ID'),
    slot: variable('SLOT'),
    isStart: variable('MODE') === 'start',
    forget: variable('FORGET').split(' '),
  };
}
