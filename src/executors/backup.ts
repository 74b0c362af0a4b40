import { createHash } from 'node:crypto';
import { isLeft } from 'fp-ts/Either';
import type { ActionOf } from '../model/action';
import { credentialsFor } from '../model/backend';
import { passphraseOf } from '../model/passphrase';
import type { Policy, Target } from '../model/policy';
import type { Executor, Keys, RunContext, SshCredential } from '../model/ports';
import type { Settings } from '../model/settings';
import { slotText } from '../model/slot';
import { carryOut, type RunMeans } from './containerrun';
import { attachScript, type ContainerOrder, type RunName, startScript } from './script';

export interface BackupTools extends RunMeans {
  readonly keys: Keys;
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
  | 'runTimeoutMs'
  | 'stallTimeoutMs'
  | 'environment'
>;

/** Backs a device's volumes up to its target. */
export function createBackup(tools: BackupTools): Executor<'backup'> {
  return async (action, context) => {
    const target = action.policy.target.value;
    const credential = target.overSsh
      ? await tools.keys.credentialFor(target, action.device.uuid, context.runId)
      : null;
    if (credential !== null && isLeft(credential)) return { kind: 'failed', failure: credential.left, tail: [] };
    const name = nameOf(action, context);
    const order = containerOrder(action, context, tools.settings, credential === null ? null : credential.right);
    const { bandwidth } = action.policy;
    const run = {
      runId: context.runId,
      device: { uuid: action.device.uuid, name: action.device.name },
      kind: action.kind,
      slot: name.slot,
      attempt: action.attempt,
    };
    if (bandwidth.value !== null && target.scheme !== 'rsync') {
      const message = `the bandwidth limit has no effect: Duplicity can only limit rsync:// targets, and this is ${target.scheme}://`;
      context.emit({ event: 'run.warned', run, message });
    }
    return carryOut(
      {
        run,
        device: action.device,
        context,
        startScript: startScript(hostOrder(action, context, tools.settings), order),
        attachScript: attachScript(name),
        judge: judgeOf(tools.settings, target.deviceLocal),
      },
      tools,
    );
  };
}

/** What an end is judged by, beside what the container says. */
export function judgeOf(
  { image, runTimeoutMs, stallTimeoutMs }: RunSettings,
  deviceLocal: boolean,
): { image: string; runTimeoutMs: number; stallTimeoutMs: number; deviceLocal: boolean } {
  return { image, runTimeoutMs, stallTimeoutMs, deviceLocal };
}

function nameOf(action: ActionOf<'backup'>, context: RunContext): RunName {
  return {
    nonce: context.nonce,
    runId: context.runId,
    kind: action.kind,
    slot: slotText(action.slot),
    device: action.device.uuid,
  };
}

function hostOrder(
  action: ActionOf<'backup'>,
  context: RunContext,
  settings: RunSettings,
): Parameters<typeof startScript>[0] {
  const volumes = action.policy.volumes.value;
  return {
    ...nameOf(action, context),
    fleetId: action.device.fleet.id,
    volumes: volumes.kind === 'all' ? null : volumes.names,
    image: settings.image,
    cpus: settings.cpus,
    memory: settings.memory,
    forget: endedNonces(context),
  };
}

/** Their results are in the ledger, whatever became of the acknowledgement: their containers are in the way. */
function endedNonces({ facts }: RunContext): readonly string[] {
  return [facts?.last, facts?.lastSuccess].flatMap((run) => (run === null || run === undefined ? [] : [run.nonce]));
}

function containerOrder(
  action: ActionOf<'backup'>,
  context: RunContext,
  settings: RunSettings,
  credential: SshCredential | null,
): ContainerOrder {
  const { policy } = action;
  const target = policy.target.value;
  return {
    nonce: context.nonce,
    passphrase: passphraseOf(settings, action.device.uuid),
    passphraseChange: settings.passphraseChange,
    store: storeName(target),
    url: target.url,
    action: action.mode === 'full' ? 'full' : 'backup',
    options: optionsFor(policy, settings),
    backupOptions: backupOptionsFor(action),
    keepFull: policy.keepFull.value,
    notEmpty: action.slot.kind === 'manual' ? [] : notEmptyBefore(context, target),
    runTimeoutMs: settings.runTimeoutMs,
    stallTimeoutMs: settings.stallTimeoutMs,
    environment: credentialsFor(target, settings.environment),
    credential,
  };
}

/** Fixed for a target, so that a changed password in its URL does not orphan the cache. */
export function storeName({ place }: Pick<Target, 'place'>): string {
  return createHash('sha256').update(place).digest('hex').slice(0, 32);
}

/** Options of every command. The operator's own come last: Duplicity takes the last. */
function optionsFor({ target, bandwidth }: Policy, { compression }: Pick<Settings, 'compression'>): readonly string[] {
  const gpg = { none: ['--gpg-options=--compress-algo=none'], fast: ['--gpg-options=--compress-level=1'], default: [] };
  const limit =
    bandwidth.value !== null && target.value.scheme === 'rsync'
      ? [`--rsync-options=--bwlimit=${String(Math.max(1, Math.round(bandwidth.value / 1024)))}`]
      : [];
  return [...gpg[compression], ...limit, ...target.value.options];
}

/** Small volumes: a device needs room for one and a half of them, and a broken link costs at most one. */
function backupOptionsFor({ mode, policy }: ActionOf<'backup'>): readonly string[] {
  const hasSize = policy.target.value.options.some((option) => option.startsWith('--volsize='));
  const { text, seconds } = policy.fullEvery.value;
  return [
    ...(hasSize ? [] : ['--volsize=50']),
    ...(mode === 'full' || seconds === null ? [] : [`--full-if-older-than=${text}`]),
  ];
}

function notEmptyBefore({ facts }: RunContext, { place }: Target): readonly string[] {
  const last = facts?.lastSuccess ?? null;
  if (last?.outcome?.kind !== 'succeeded' || last.place !== place) return [];
  const { volumes, emptyVolumes } = last.outcome;
  return volumes.filter((name) => !emptyVolumes.includes(name));
}
