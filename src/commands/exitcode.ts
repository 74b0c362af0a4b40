import type { Failure } from '../model/failure';

const CODES: Readonly<Partial<Record<Failure['kind'], number>>> = {
  'policy-invalid': 2,
  'device-unreachable': 3,
  'device-busy': 4,
  'restore-refused': 5,
  cancelled: 130,
};

/** The exit code that a failure gives a command by hand: 1 unless it has one of its own. */
export function exitCodeOf({ kind }: Failure): number {
  return CODES[kind] ?? 1;
}
