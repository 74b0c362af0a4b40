import { isLeft, left, right, type Either } from 'fp-ts/Either';
import type { DeviceUuid, RunId } from '../model/brand';
import type { Failure } from '../model/failure';
import type { CollectorAccess, Keys, SshCredential } from '../model/ports';
import type { Target } from '../model/policy';
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
const PRUNE_SECONDS = 5 * 60;

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

/** The lines of BACKUP_SSH_KNOWN_HOSTS for the target's server; none means that it is the collector. */
function userHosts(settings: KeySettings, { host, port }: Server): readonly string[] {
  return knownHostsFor(settings.userSshKnownHosts ?? '', host, port);
}

/** The user's own key for a host that BACKUP_SSH_KNOWN_HOSTS names with `lines`. */
function userCredential(
  settings: KeySettings,
  { host, port }: Server,
  lines: readonly string[],
): Either<Failure, SshCredential> {
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
      const user = String(process.getuid?.() ?? 'of this program');
      const advice = `it must be a volume that the user ${user} may write to`;
      throw new Error(`cannot write ca.pub to KEYS_DIR (${settings.keysDir}): ${advice}`, { cause });
    }
  }
  return authority;
}

/** What a run may do at the collector, for as long as it may take. */
function serveRequest(
  { runTimeoutMs }: KeySettings,
  device: DeviceUuid,
  runId: RunId,
  access: CollectorAccess,
): CertificateRequest {
  return {
    identity: `balena-backup device=${device} run=${runId}`,
    command: `collector-serve ${access === 'read' ? '--read-only ' : ''}${device}`,
    validForSeconds: Math.ceil((runTimeoutMs + GRACE_MS) / 1000),
  };
}

function pruneRequest(device: DeviceUuid, keep: number): CertificateRequest {
  return {
    identity: `balena-backup device=${device} prune keep=${String(keep)}`,
    command: `collector-prune ${device} ${String(keep)}`,
    validForSeconds: PRUNE_SECONDS,
  };
}

interface Server {
  readonly host: string;
  readonly port: number;
}

function serverOf({ host, port }: Target): Server | null {
  return host === null ? null : { host, port: port ?? 22 };
}

const noHost = left(missing('a host', 'the URL names no host'));

type Certify = (server: Server, request: CertificateRequest) => Promise<Either<Failure, SshCredential>>;

/** Left when the collector is not known, there is no CA to sign with, or ssh-keygen failed. */
function certifier(settings: KeySettings, ca: () => Promise<StoredKey>): Certify {
  const { passing } = keyFoldersOf(settings.stateDir);
  return async ({ host, port }, request) => {
    const knownHosts = collectorKnownHosts(settings, host, port);
    if (isLeft(knownHosts)) return left(missing("the collector's host key", knownHosts.left));
    try {
      const { privateKey, certificate } = await makeCertified(passing, (await publish(settings, ca)).path, request);
      return right({ privateKey: new Secret(privateKey), certificate, knownHosts: knownHosts.right });
    } catch (error) {
      return left(
        missing('a certificate for the collector', error instanceof Error ? error.message : 'ssh-keygen failed'),
      );
    }
  };
}

/** The orchestrator's keys: all of them are made by us, and only public halves leave the state directory by a file. */
export function openKeys(settings: KeySettings): OpenedKeys {
  const folders = keyFoldersOf(settings.stateDir);
  const ca = once(() => loadOrMakeKey(folders, 'ca', CA_COMMENT));
  const certify = certifier(settings, ca);
  return {
    fleetKey: once(() => loadOrMakeKey(folders, 'fleet', FLEET_COMMENT)),
    publishCa: async (): Promise<void> => {
      await publish(settings, ca);
    },
    isCollector: (target): boolean => {
      const server = serverOf(target);
      return target.overSsh && server !== null && userHosts(settings, server).length === 0;
    },
    credentialFor: async (target, device, runId, access = 'write'): Promise<Either<Failure, SshCredential>> => {
      const server = serverOf(target);
      if (server === null) return noHost;
      const lines = userHosts(settings, server);
      if (lines.length > 0) return userCredential(settings, server, lines);
      return certify(server, serveRequest(settings, device, runId, access));
    },
    pruneCredentialFor: async (target, device, keep): Promise<Either<Failure, SshCredential>> => {
      const server = serverOf(target);
      if (server === null) return noHost;
      const own = userHosts(settings, server).length > 0;
      if (own)
        return left(missing('a collector', `${hostName(server.host, server.port)} is a server of the user's own`));
      return certify(server, pruneRequest(device, keep));
    },
  };
}
