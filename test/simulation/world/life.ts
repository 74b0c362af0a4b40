/** One life of the controller's process: what hears of its end is heard no more by it. */
export class Life {
  public isOver = false;
  #endings: (() => void)[] = [];

  public atEnd(work: () => void): void {
    this.#endings.push(work);
    if (this.#endings.length > 1000) this.#endings = this.#endings.slice(-500);
  }

  /** As SIGKILL does it. */
  public end(): void {
    if (this.isOver) return;
    this.isOver = true;
    for (const work of this.#endings.splice(0)) work();
  }
}

/** Thrown out of a call into a process that has been killed in it. */
export class Killed extends Error {
  public override readonly name = 'Killed';
}
