/** Why a command does not do what was asked, in words for a person, with the exit code that says so to programs. */
export interface Refusal {
  readonly message: string;
  readonly code: 1 | 2 | 3 | 4 | 5;
}
