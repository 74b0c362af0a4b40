/** More than a fleet has of anything that its devices share; what is each device's own must not fill the memory. */
const LIMIT = 1000;

/** Gives the first of equal values for all of them: a large fleet says the same thing many times. */
export class Pool<T> {
  readonly #known = new Map<string, T>();

  public of(value: T): T {
    const key = JSON.stringify(value);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#known.size >= LIMIT) this.#known.clear();
    this.#known.set(key, value);
    return value;
  }
}
