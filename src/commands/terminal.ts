export type Colour = 'green' | 'yellow' | 'red';

/**
 * Where a command writes and asks: a person's terminal, or pipes. The only way out for commands. What could steer a
 * terminal, in a device's name or its output, is shown escaped.
 */
export interface Terminal {
  /** One line of what was asked for; a colour, for its first word, is shown where people see and want colours. */
  say(line: string, colour?: Colour): void;
  /** A value for another program to read, exactly as it is. */
  hand(value: string): void;
  /** One line about what went wrong, or about how it goes on. */
  complain(line: string): void;
  /** Columns of the terminal, or null where what is said goes elsewhere: nothing is cut to fit then. */
  readonly columns: number | null;
  /** Whether there is a person who can be asked. */
  readonly canAsk: boolean;
  /** What the person answered, or null where nobody can answer. */
  ask(question: string): Promise<string | null>;
  /** Shows how it goes on: in place on a terminal, else as a plain line every few seconds. Empty takes it away. */
  progress(text: string): void;
}
