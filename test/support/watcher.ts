import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** Reads the command lines of all processes of this machine, those in the lab's devices included, as often as it can. */
export class ProcessWatcher {
  readonly #seen = new Set<string>();
  #isOn = true;
  readonly #done: Promise<void>;

  public constructor() {
    this.#done = this.#watch();
  }

  /** Every command line that was seen. */
  public async stop(): Promise<readonly string[]> {
    this.#isOn = false;
    await this.#done;
    return [...this.#seen];
  }

  async #watch(): Promise<void> {
    const own = String(process.pid);
    while (this.#isOn) {
      for (const pid of readdirSync('/proc')) {
        if (/^\d+$/.test(pid) && pid !== own) this.#look(pid);
      }
      await pause(50);
    }
  }

  #look(pid: string): void {
    try {
      this.#seen.add(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim());
    } catch {
      // It has ended meanwhile.
    }
  }
}
