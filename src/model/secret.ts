import { inspect } from 'node:util';

/** A value that no log line, error or JSON shows by accident: only `reveal()` gives it. */
export class Secret {
  readonly #value: string;

  public constructor(value: string) {
    this.#value = value;
  }

  /** The value itself. Call it where the value is used, never to keep it. */
  public reveal(): string {
    return this.#value;
  }

  public toString(): string {
    return '[secret]';
  }

  public toJSON(): string {
    return '[secret]';
  }

  public [inspect.custom](): string {
    return '[secret]';
  }
}
