import { hostname } from 'node:os';
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { EventSink } from '../model/event';
import type { Failure } from '../model/failure';
import type { FleetApi, FleetKey, Keys } from '../model/ports';

/** The balena account as the ways to devices need it: its name, and our key among its SSH keys. */
export interface Account {
  /** The account's name, asked for once. */
  username(signal: AbortSignal): Promise<Either<Failure, string>>;
  /**
   * Adds our key to the account unless it is there; null when it is. Asks once, then at most once an hour, and anew after
   * `doubt`: a person may have removed it.
   */
  register(signal: AbortSignal): Promise<Failure | null>;
  /** Our key was refused somewhere: somebody may have taken it out of the account. */
  doubt(): void;
}

export interface AccountTools {
  readonly api: Pick<FleetApi, 'username' | 'ensureKey'>;
  readonly keys: Pick<Keys, 'fleetKey'>;
  readonly emit: EventSink;
  /** UUID of the device that we run on, where it is known: the name of a container changes. */
  readonly selfUuid?: string | null;
  readonly now?: () => number;
}

const CHECK_MS = 3_600_000;

/** So that a person who looks at the account's SSH keys knows whose this one is. */
function titleOf(selfUuid: string | null): string {
  return `balena-backup on ${selfUuid === null ? hostname() : `device ${selfUuid.slice(0, 7)}`}`.slice(0, 120);
}

export function createAccount({ api, keys, emit, selfUuid = null, now = Date.now }: AccountTools): Account {
  const title = titleOf(selfUuid);
  let name: string | null = null;
  let checkedAt: number | null = null;
  let wasThere = false;

  async function username(signal: AbortSignal): Promise<Either<Failure, string>> {
    if (name !== null) return right(name);
    const answer = await api.username(signal);
    if (!isLeft(answer)) name = answer.right;
    return answer;
  }

  async function register(signal: AbortSignal): Promise<Failure | null> {
    if (checkedAt !== null && now() - checkedAt < CHECK_MS) return null;
    const key = await fleetKeyOf(keys);
    if (isLeft(key)) return key.left;
    const { publicKey, fingerprint } = key.right;
    const isNew = key.right.isNew && !wasThere;
    const answer = await api.ensureKey({ title, publicKey, isNew }, signal);
    if (isLeft(answer)) return answer.left;
    checkedAt = now();
    wasThere = true;
    const { added, removed } = answer.right;
    if (added && isNew) emit({ event: 'fleetkey.registered', title, fingerprint, removed });
    else if (added) emit({ event: 'fleetkey.restored', title, fingerprint });
    return null;
  }

  return {
    username,
    register,
    doubt: () => {
      checkedAt = null;
    },
  };
}

/** Our key, or in words why it cannot be used. */
export async function fleetKeyOf(keys: Pick<Keys, 'fleetKey'>): Promise<Either<Failure, FleetKey>> {
  try {
    return right(await keys.fleetKey());
  } catch (error) {
    const detail = error instanceof Error ? error.message : 'it cannot be made';
    return left({ kind: 'credential-missing', what: 'its own SSH key for balena devices', detail });
  }
}
