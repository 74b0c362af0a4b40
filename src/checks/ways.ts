import { type Either, isLeft } from 'fp-ts/Either';
import type { Failure } from '../model/failure';
import { bad, badBy, type Check, type Finding, ok, warn } from '../model/finding';
import type { TransportKind } from '../model/settings';

/** A login that worked; `isKnown`: the host key was pinned or remembered before. */
export interface Login {
  readonly host: string;
  readonly fingerprint: string;
  readonly isKnown: boolean;
}

export interface WayTools {
  readonly kind: TransportKind;
  readonly limitMs: number;
  /** Why it cannot be tried now, or what came of a login. */
  readonly login: (signal: AbortSignal) => Promise<Finding | Either<Failure, Login>>;
}

/** Whether a way to devices is open: its server is there, has the host key that is expected, and takes our key. */
export function wayCheck({ kind, limitMs, login }: WayTools): Check {
  return {
    what: kind,
    limitMs,
    examine: async (signal) => {
      const tried = await login(signal);
      if ('state' in tried) return [tried];
      return [isLeft(tried) ? failed(kind, tried.left) : entered(tried.right)];
    },
  };
}

const PLACES: Readonly<Record<TransportKind, string>> = {
  gateway: 'See that SSH_GATEWAY is right, and that it can be reached from here',
  tunnel: 'See that TUNNEL_SERVER and TUNNEL_TLS are right, and that it can be reached from here',
  direct: 'See that the tag backupAddress is right, and that the device can be reached from here',
};

function failed(kind: TransportKind, failure: Failure): Finding {
  if (failure.kind === 'device-unreachable') return bad(failure.detail, `${PLACES[kind]}.`);
  if (failure.kind === 'timed-out') return bad(`${failure.phase} took too long`, `${PLACES[kind]}.`);
  return badBy(failure);
}

function entered({ host, fingerprint, isKnown }: Login): Finding {
  if (isKnown) return ok(`${host} has the host key that is expected, ${fingerprint}, and takes our key`);
  return warn(
    `${host} takes our key; its host key ${fingerprint} is not known yet, and the first run will trust it`,
    kindOfPin(host),
  );
}

function kindOfPin(host: string): string {
  if (/\.balena:\d+$/.test(host))
    return `Compare it on the device, or accept it now: "balena-backup accept-host-key ${host}".`;
  return `Compare it with what its operator publishes, then run "balena-backup accept-host-key ${host}" or set SSH_GATEWAY_HOST_KEY.`;
}
