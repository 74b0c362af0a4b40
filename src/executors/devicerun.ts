import { isLeft } from 'fp-ts/Either';
import { createHash } from 'node:crypto';
import type { Action } from '../model/action';
import { credentialsFor } from '../model/credentials';
import type { DeviceUuid } from '../model/brand';
import { passphraseOf, stretchOf } from '../model/passphrase';
import type { Target } from '../model/policy';
import type { CollectorAccess, Keys, PruneCollector, RunContext, SshCredential } from '../model/ports';
import type { RunRef } from '../model/event';
import type { Outcome } from '../model/run';
import type { Settings } from '../model/settings';
import { slotText } from '../model/slot';
import { withoutPassword } from '../model/urlpassword';
import { urlPasswordsIn } from '../model/urlpasswords';
import type { Evidence } from './classify';
import { carryOut, type ContainerRun, type RunMeans } from './containerrun';
import { folderOf } from './rsyncfolder';
import {
  attachScript,
  cancelScript,
  type ContainerOrder,
  type HostOrder,
  type RunName,
  SSH_OPTIONS,
  startScript,
} from './script';

export interface RunTools extends RunMeans {
  readonly keys: Pick<Keys, 'credentialFor' | 'isCollector'>;
  readonly pruneCollector: PruneCollector;
  readonly settings: RunSettings;
}

export type RunSettings = Pick<
  Settings,
  | 'passphrase'
  | 'passphraseMode'
  | 'passphraseChange'
  | 'compression'
  | 'cpus'
  | 'memory'
  | 'image'
  | 'fullImage'
  | 'mountMode'
  | 'runTimeoutMs'
  | 'stallTimeoutMs'
  | 'environment'
>;

/** What one kind of run is about, beside what all have in common. */
export interface Particulars
  extends Pick<HostOrder, 'volumes' | 'mount'>, Partial<Pick<HostOrder, 'access' | 'restart'>> {
  readonly target: Target;
  /** Whose snapshots they are, where that is another device. */
  readonly source?: DeviceUuid;
  /** What it may do to them, where the target can hold it to that. */
  readonly snapshots?: CollectorAccess;
  /** Bytes a second of what the container sends, or null. */
  readonly bandwidth: number | null;
  /** Options of every command of Duplicity, each one word. The operator's own come last: Duplicity takes the last. */
  readonly options: readonly string[];
  /** What is left to do once the container has ended well, before its result is committed; null for nothing. */
  readonly afterwards: ContainerRun['afterwards'];
  /** What the script of this kind reads. */
  readonly variables: Readonly<Record<string, string>>;
}

/** What runs have in common that deal with snapshots and the engine beside the volumes: they only read at the target. */
export const BESIDE_VOLUMES = {
  snapshots: 'read',
  bandwidth: null,
  afterwards: null,
  volumes: 'none',
  mount: 'ro',
  access: 'engine',
} as const satisfies Partial<Particulars>;

/** Carries an action out in a container on its device. */
export async function runOnDevice(
  action: Action,
  context: RunContext,
  particulars: Particulars,
  tools: RunTools,
): Promise<Outcome> {
  const { target, source = action.device.uuid, snapshots = 'write' } = particulars;
  const credential = target.overSsh ? await tools.keys.credentialFor(target, source, context.runId, snapshots) : null;
  if (credential !== null && isLeft(credential)) return { kind: 'failed', failure: credential.left, tail: [] };
  const { settings } = tools;
  const name = nameOf(action, context);
  const host = hostOrder(name, action, particulars, { settings, forget: context.forget });
  const container = containerOrder(action, context, particulars, {
    settings,
    credential: credential === null ? null : credential.right,
  });
  return carryOut(
    {
      run: runRefOf(action, context),
      device: action.device,
      context,
      startScript: startScript(host, container),
      attachScript: attachScript(name),
      cancelScript: cancelScript(name),
      afterwards: particulars.afterwards,
      judge: { ...judgeOf(settings, target.deviceLocal), image: imageFor(target, settings) },
    },
    meansFor(tools, source, urlPasswordsIn(target.url)),
  );
}

/**
 * What a run is carried out with: a device's own passphrase, and passwords of URLs in tags, are not among the secrets that a
 * log knows of.
 */
export function meansFor(tools: RunTools, device: DeviceUuid, passwords: readonly string[] = []): RunMeans {
  // Shorter ones are in every other word.
  const long = passwords.filter((password) => password.length >= 4);
  const own = [passphraseOf(tools.settings, device).reveal(), ...long];
  const hidden = (text: string): string => own.reduce((shown, secret) => shown.replaceAll(secret, '[secret]'), text);
  return { ...tools, scrub: (text) => tools.scrub(hidden(text)) };
}

/** The run as events name it. */
export function runRefOf({ device, kind, slot, attempt }: Action, { runId }: Pick<RunContext, 'runId'>): RunRef {
  return { runId, device: { uuid: device.uuid, name: device.name }, kind, slot: slotText(slot), attempt };
}

/** What an end is judged by, beside what the container says. */
export function judgeOf(
  { image, runTimeoutMs, stallTimeoutMs }: RunSettings,
  deviceLocal: boolean,
): Pick<Evidence, 'image' | 'runTimeoutMs' | 'stallTimeoutMs' | 'deviceLocal'> {
  return { image, runTimeoutMs, stallTimeoutMs, deviceLocal };
}

/** Fixed for a target, so that a changed password in its URL does not orphan the cache. */
export function storeName({ place }: Pick<Target, 'place'>): string {
  return createHash('sha256').update(place).digest('hex').slice(0, 32);
}

function nameOf({ device, kind, slot }: Action, { nonce, runId }: RunContext): RunName {
  return { nonce, runId, kind, slot: slotText(slot), device: device.uuid };
}

function hostOrder(name: RunName, { device }: Action, particulars: Particulars, given: GivenToHost): HostOrder {
  const { volumes, mount, access = 'volumes', restart = 'no', target, bandwidth } = particulars;
  const { cpus, memory } = given.settings;
  const image = imageFor(target, given.settings);
  const limits = { cpus, memory, bandwidth };
  return { ...name, fleetId: device.fleet.id, volumes, mount, access, restart, image, ...limits, forget: given.forget };
}

/** The image that has what the target needs, unless the operator chose one. */
function imageFor({ needs }: Target, { image, fullImage }: Pick<Settings, 'image' | 'fullImage'>): string {
  return needs.image === 'small' ? image : fullImage;
}

interface GivenToHost {
  readonly settings: RunSettings;
  readonly forget: readonly string[];
}

interface GivenToContainer {
  readonly settings: RunSettings;
  readonly credential: SshCredential | null;
}

function containerOrder(
  action: Action,
  { nonce }: RunContext,
  { target, options, variables, bandwidth, source = action.device.uuid }: Particulars,
  { settings, credential }: GivenToContainer,
): ContainerOrder {
  const { passphraseChange, runTimeoutMs, stallTimeoutMs, environment } = settings;
  const { url, credentials: own } = withoutPassword(target.url);
  const given = credentialsFor(target, environment);
  return {
    nonce,
    passphrase: passphraseOf(settings, source),
    passphraseChange,
    stretch: stretchOf(settings.passphrase),
    store: storeName(target),
    url,
    options,
    work: action.kind,
    variables,
    runTimeoutMs,
    stallTimeoutMs,
    bandwidth,
    needs: target.needs,
    credentials: {
      environment: new Map([...given.environment, ...own.environment]),
      files: new Map([...given.files, ...own.files]),
    },
    // The collector makes it.
    folder: typeof credential?.certificate === 'string' ? null : folderOf(target, SSH_OPTIONS),
    credential,
  };
}
