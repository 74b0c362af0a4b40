import { isLeft, left, right, type Either } from 'fp-ts/Either';
import type { DeviceUuid, RunId } from '../model/brand';
import type { Failure } from '../model/failure';
import type { Keys, SshCredential } from '../model/ports';
import { Secret } from '../model/secret';
import type { Settings } from '../model/settings';
import { collectorKnownHosts, publishCa } from './collectorkeys';
import { hostName, knownHostsFor } from './knownhosts';
import { makeCertified, type CertificateRequest } from './sshkeygen';
import { keyFoldersOf, loadOrMakeKey, type StoredKey } from './storedkey';

/** What of the settings the keys are made from. */
export type KeySettings = Pick<
  Settings,
  'stateDir' | 'keysDir' | 'collectorHostKey' | 'userSshKey' | 'userSshKnownHosts' | 'runTimeoutMs'
>;

export interface OpenedKeys extends Keys {
  /** Makes the CA at the first call and its public half readable for the collector. Rejects in words for a person. */
  publishCa(): Promise<void>;
}

const FLEET_COMMENT = 'balena-backup';
const CA_COMMENT = 'balena-backup-ca';
/** Time for the container to start and for a finished run to be wrapped up, beyond the run's own limit. */
const GRACE_MS = 15 * 60_000;

/** Makes at the first call; a call that failed is made again, for a person may have put things right. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => {
    made ??= make().catch((cause: unknown) => {
      made = null;
      throw cause;
    });
    return made;
  };
}

function missing(what: string, detail: string): Failure {
  return { kind: 'credential-missing', what, detail };
}

/** The user's own key for a host that BACKUP_SSH_KNOWN_HOSTS names; null when it does not name it. */
function userCredential(settings: KeySettings, host: string, port: number): Either<Failure, SshCredential> | null {
  const lines = knownHostsFor(settings.userSshKnownHosts ?? '', host, port);
  if (lines.length === 0) return null;
  const key = settings.userSshKey;
  if (key === null) {
    const detail = `BACKUP_SSH_KNOWN_HOSTS names ${hostName(host, port)}, but there is no key for it: set BACKUP_SSH_KEY`;
    return left(missing('BACKUP_SSH_KEY', detail));
  }
  const privateKey = new Secret(`${key.reveal().trimEnd()}\n`);
  return right({ privateKey, certificate: null, knownHosts: `${lines.join('\n')}\n` });
}

/** The CA, after its public half was made readable for the collector. */
async function publish(settings: KeySettings, ca: () => Promise<StoredKey>): Promise<StoredKey> {
  const authority = await ca();
  try {
    publishCa(settings.keysDir, authority.publicKey);
  } catch (cause) {
    // A collector that runs elsewhere has been given the key by hand.
    if (settings.collectorHostKey === null) {
      throw new Error(`cannot write ca.pub to KEYS_DIR (${settings.keysDir}): it must be a writable volume`, { cause });
    }
  }
  return authority;
}

function certificateRequest(settings: KeySettings, device: DeviceUuid, runId: RunId): CertificateRequest {
  return {
    identity: `balena-backup device=${device} run=${runId}`,
    command: `collector-serve ${device}`,
    validForSeconds: Math.ceil((settings.runTimeoutMs + GRACE_MS) / 1000),
  };
}

/** Left when there is no CA to sign with, or ssh-keygen failed. */
async function certified(
  passing: string,
  authority: Promise<StoredKey>,
  request: CertificateRequest,
  knownHosts: string,
): Promise<Either<Failure, SshCredential>> {
  try {
    const pair = await makeCertified(passing, (await authority).path, request);
    return right({ privateKey: new Secret(pair.privateKey), certificate: pair.certificate, knownHosts });
  } catch (error) {
    return left(missing('certificate', error instanceof Error ? error.message : 'ssh-keygen failed'));
  }
}

/** The orchestrator's keys: all of them are made by us, and only public halves leave the state directory by a file. */
export function openKeys(settings: KeySettings): OpenedKeys {
  const folders = keyFoldersOf(settings.stateDir);
  const ca = once(() => loadOrMakeKey(folders, 'ca', CA_COMMENT));
  return {
    fleetKey: once(() => loadOrMakeKey(folders, 'fleet', FLEET_COMMENT)),
    publishCa: async (): Promise<void> => {
      await publish(settings, ca);
    },
    credentialFor: async (target, device, runId): Promise<Either<Failure, SshCredential>> => {
      if (target.host === null) return left(missing('host', 'the URL names no host'));
      const port = target.port ?? 22;
      const own = userCredential(settings, target.host, port);
      if (own !== null) return own;
      const knownHosts = collectorKnownHosts(settings, target.host, port);
      if (isLeft(knownHosts)) return left(missing('collector host key', knownHosts.left));
      const request = certificateRequest(settings, device, runId);
      return certified(folders.passing, publish(settings, ca), request, knownHosts.right);
    },
  };
}
