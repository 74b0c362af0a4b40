import type { Terminal } from '../../src/commands/terminal';

/** A terminal that keeps what it is told: by default a pipe, without a person. */
export interface HeardTerminal extends Terminal {
  readonly said: readonly string[];
  readonly complained: readonly string[];
}

export function aTerminal(over: Partial<Terminal> = {}): HeardTerminal {
  const said: string[] = [];
  const complained: string[] = [];
  return {
    said,
    complained,
    say: (line) => {
      said.push(line);
    },
    hand: (value) => {
      said.push(value);
    },
    complain: (line) => {
      complained.push(line);
    },
    columns: null,
    canAsk: false,
    ask: () => Promise.resolve(null),
    progress: () => undefined,
    ...over,
  };
}
