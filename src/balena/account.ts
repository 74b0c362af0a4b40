import { hostname } from 'node:os';
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { EventSink } from '../model/event';
import type { Failure } from '../model/failure';
import type { FleetApi, Keys } from '../model/ports';

/** The balena account as the ways to devices need it: its name, and our key among its SSH keys. */
export interface Account {
  /** The account's name, asked for once. */
  username(signal: AbortSignal): Promise<Either<Failure, string>>;
  /** Adds our key to the account unless it is there; null when it is. Asks once, and again after `doubt`. */
  register(signal: AbortSignal): Promise<Failure | null>;
  /** Our key was refused somewhere: somebody may have taken it out of the account. */
  doubt(): void;
}

export interface AccountTools {
  readonly api: Pick<FleetApi, 'username' | 'ensureKey'>;
  readonly keys: Pick<Keys, 'fleetKey'>;
  readonly emit: EventSink;
}

/** So that a person who looks at the account's SSH keys knows whose this one is. */
const TITLE = `balena-backup on ${hostname()}`.slice(0, 120);

export function createAccount({ api, keys, emit }: AccountTools): Account {
  let name: string | null = null;
  let isRegistered = false;

  async function username(signal: AbortSignal): Promise<Either<Failure, string>> {
    if (name !== null) return right(name);
    const answer = await api.username(signal);
    if (!isLeft(answer)) name = answer.right;
    return answer;
  }

  async function register(signal: AbortSignal): Promise<Failure | null> {
    if (isRegistered) return null;
    const key = await keyOf(keys);
    if (isLeft(key)) return key.left;
    const { publicKey, fingerprint } = key.right;
    const answer = await api.ensureKey(TITLE, publicKey, signal);
    if (isLeft(answer)) return answer.left;
    isRegistered = true;
    if (answer.right.added) emit({ event: 'fleetkey.registered', title: TITLE, fingerprint });
    return null;
  }

  return {
    username,
    register,
    doubt: () => {
      isRegistered = false;
    },
  };
}

async function keyOf(keys: Pick<Keys, 'fleetKey'>): Promise<Either<Failure, Awaited<ReturnType<Keys['fleetKey']>>>> {
  try {
    return right(await keys.fleetKey());
  } catch (error) {
    const detail = error instanceof Error ? error.message : 'it cannot be made';
    return left({ kind: 'credential-missing', what: 'its own SSH key for balena devices', detail });
  }
}
