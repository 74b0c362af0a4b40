import type { Terminal } from './terminal';

/** Why a command does not do what was asked, in words for a person, with the exit code that says so to programs. */
export interface Refusal {
  readonly code: number;
  readonly message: string;
}

/** Says why. Gives the exit code. */
export function refuse({ code, message }: Refusal, terminal: Pick<Terminal, 'complain'>): number {
  terminal.complain(message);
  return code;
}
