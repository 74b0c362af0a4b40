/** Calls back once, so many milliseconds from now by a clock that nobody sets; what it gives takes that back. */
export type Timer = (ms: number, work: () => void) => () => void;

/** How long something is waited for. */
export interface Patience {
  /** So many milliseconds from now on, in place of what was left. */
  begin(ms: number): void;
  end(): void;
}

/** Calls `over` when the time that was begun last has passed. */
export function createPatience(timer: Timer, over: () => void): Patience {
  let takeBack = (): void => undefined;
  return {
    begin: (ms) => {
      takeBack();
      takeBack = timer(ms, over);
    },
    end: () => {
      takeBack();
    },
  };
}
