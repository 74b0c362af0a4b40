/** Numbers that look random and are the same for the same seed (mulberry32). */
export class Random {
  #state: number;

  public constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 to 1, 1 excluded. */
  public next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  public chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** Both ends included. */
  public whole(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  public pick<T>(choices: readonly T[]): T {
    const choice = choices[this.whole(0, choices.length - 1)];
    if (choice === undefined) throw new RangeError('there is nothing to pick from');
    return choice;
  }

  /** Exponential: most are short, some very long. In whole milliseconds, 1 at least. */
  public waitMs(meanMs: number): number {
    return Math.max(1, Math.round(-Math.log(1 - this.next()) * meanMs));
  }

  public hex(digits: number): string {
    return Array.from({ length: digits }, () => this.whole(0, 15).toString(16)).join('');
  }
}
