/** More than a fleet has of anything that its devices share; what is each device's own must not fill the memory. */
const LIMIT = 10_000;

/** Gives the first of equal values for all of them: a large fleet says the same thing many times. */
export class Pool<T> {
  readonly #known = new Map<string, T>();

  /** The value that is known by this key; where there is none, what is made is. */
  public of(key: string, make: (key: string) => T): T {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#known.size >= LIMIT) this.#known.clear();
    const made = make(key);
    this.#known.set(key, made);
    return made;
  }
}

/** A pool of texts. */
export class TextPool {
  readonly #pool = new Pool<string>();

  public of(text: string): string {
    return this.#pool.of(text, (key) => key);
  }
}
