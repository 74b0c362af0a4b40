import { type Either, isLeft } from 'fp-ts/Either';
import type { Failure } from '../model/failure';
import { bad, badBy, type Check, type Finding, ok, warn } from '../model/finding';
import type { FleetApi, FleetKey, FleetReading } from '../model/ports';
import { count } from '../model/shown';

/** The fleet as it can be seen, asked for once by all who need it. */
export type Survey = () => Promise<Either<Failure, FleetReading>>;

export interface AccountTools {
  readonly apiUrl: string;
  readonly username: () => ReturnType<FleetApi['username']>;
  readonly survey: Survey;
  readonly surveyMs: number;
}

/** Whether the API answers and takes the key, whose that is, and what it may see. */
export function apiCheck({ apiUrl, username, survey, surveyMs }: AccountTools): Check {
  return {
    what: 'API',
    limitMs: surveyMs,
    examine: async () => {
      const [user, fleet] = await Promise.all([username(), survey()]);
      if (isLeft(user)) return [badBy(user.left)];
      if (isLeft(fleet)) return [badBy(fleet.left)];
      const { devices, unreadable } = fleet.right;
      const fleets = new Set(devices.map(({ fleet: { id } }) => id)).size;
      const sight = `${count(devices.length, 'device')} in ${count(fleets, 'fleet')}`;
      const found = `${apiUrl} takes CLI_API_KEY, which is ${user.right}'s and sees ${sight}`;
      const first =
        devices.length > 0 ? ok(found) : warn(found, "Give the key's user a role in the fleets, or add a device.");
      return [
        first,
        ...unreadable.map(({ what, problem }) => warn(`${what} is left out: ${problem}`, 'See to that row.')),
      ];
    },
  };
}

export interface KeyTools {
  /** Null where none has been made yet. */
  readonly key: () => Promise<FleetKey | null>;
  readonly hasKey: (publicKey: string, signal: AbortSignal) => ReturnType<FleetApi['hasKey']>;
  readonly limitMs: number;
}

/** Whether our key for devices is there and the account knows it. */
export function fleetKeyCheck({ key, hasKey, limitMs }: KeyTools): Check {
  return {
    what: 'fleet key',
    limitMs,
    examine: async (signal): Promise<readonly Finding[]> => {
      const own = await key();
      if (own === null) return [NOT_MADE];
      const known = await hasKey(own.publicKey, signal);
      if (isLeft(known)) return [badBy(known.left)];
      if (known.right) return [ok(`${own.fingerprint} is among the SSH keys of the account`)];
      const why = `${own.fingerprint} is not among the SSH keys of the account, so no device lets us in`;
      return [
        bad(why, 'Restart the controller: it adds its key when it starts. A running one does so within the hour.'),
      ];
    },
  };
}

const NOT_MADE = warn(
  'there is none in STATE_DIR yet',
  'Start the controller with "balena-backup run": it makes one and adds it to the account.',
);
