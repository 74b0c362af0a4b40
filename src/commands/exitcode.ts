import { type Failure, RUN_LIMITS } from '../model/failure';

const UNREACHED = 3;
const CODES: Readonly<Partial<Record<Failure['kind'], number>>> = {
  'policy-invalid': 2,
  'device-unreachable': UNREACHED,
  'device-busy': 4,
  'restore-refused': 5,
  cancelled: 130,
};
const OWN_LIMITS: readonly string[] = Object.values(RUN_LIMITS);

/** The exit code that a failure gives a command by hand: 1 unless it has one of its own. */
export function exitCodeOf(failure: Failure): number {
  if (failure.kind === 'timed-out' && !OWN_LIMITS.includes(failure.phase)) return UNREACHED;
  return CODES[failure.kind] ?? 1;
}
