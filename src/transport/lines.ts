export const LONGEST_LINE = 64 * 1024;

/** Lines of a byte stream, without their ends. A line over 64 KiB is cut there and its rest dropped. */
export class LineSplitter {
  #held = Buffer.alloc(0);
  #dropping = false;

  /** The lines that this chunk completes. */
  public push(chunk: Buffer): readonly string[] {
    const lines: string[] = [];
    let from = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, from)) {
      this.#hold(chunk.subarray(from, end));
      lines.push(this.#take());
      from = end + 1;
    }
    this.#hold(chunk.subarray(from));
    return lines;
  }

  /** What stands after the last line end, or null. */
  public rest(): string | null {
    return this.#held.length === 0 ? null : this.#take();
  }

  #hold(part: Buffer): void {
    if (this.#dropping) return;
    const room = LONGEST_LINE - this.#held.length;
    this.#held = Buffer.concat([this.#held, part.subarray(0, room)]);
    this.#dropping = part.length > room;
  }

  #take(): string {
    const line = this.#held.toString('utf8').replace(/\r$/, '');
    this.#held = Buffer.alloc(0);
    this.#dropping = false;
    return line;
  }
}
