import { isLeft } from 'fp-ts/Either';
import type { ActionOf } from '../model/action';
import { bandwidthOptions } from '../model/bandwidth';
import { describeFailure } from '../model/describe';
import { isMachineMade } from '../model/passphrase';
import type { Compression, Policy, Target } from '../model/policy';
import type { Executor, RunContext } from '../model/ports';
import { type Retention, type Stored, storedBy } from '../model/run';
import type { Settings } from '../model/settings';
import { type Particulars, runOnDevice, runRefOf, type RunTools } from './devicerun';

/** A device whose clock is ahead of ours by more stores nothing. */
const AHEAD_MS = 86_400_000;

/** Backs a device's volumes up to its target. */
export function createBackup(tools: RunTools): Executor<'backup'> {
  return (action, context) => {
    const { target, keepFull } = action.policy;
    const byCollector = keepFull.value !== null && tools.keys.isCollector(target.value);
    const particulars = particularsOf(action, context, tools.settings);
    if (!byCollector) return runOnDevice(action, context, particulars, tools);
    // The device is not asked to: at a collector that only takes more, it could not.
    const variables = { ...particulars.variables, KEEP_FULL: '' };
    const afterwards = prunedAtCollector(action, keepFull.value, tools, context);
    return runOnDevice(action, context, { ...particulars, variables, afterwards }, tools);
  };
}

/** Adds to a run that stored a snapshot what the collector dropped; that it could not is a warning. */
function prunedAtCollector(
  action: ActionOf<'backup'>,
  keep: number,
  tools: RunTools,
  context: RunContext,
): NonNullable<Particulars['afterwards']> {
  return async (succeeded) => {
    const pruned = await tools.pruneCollector(action.policy.target.value, action.device.uuid, keep);
    if (isLeft(pruned)) {
      const message = `the collector did not drop old backups: ${describeFailure(pruned.left)}`;
      context.emit({ event: 'run.warned', run: runRefOf(action, context), message });
      return { ...succeeded, warnings: [...succeeded.warnings, message] };
    }
    const { effect } = succeeded;
    return effect.kind === 'stored'
      ? { ...succeeded, effect: { ...effect, retention: merged(effect, pruned.right) } }
      : succeeded;
  };
}

function merged({ retention }: Stored, pruned: Retention): Retention {
  return { ...pruned, healed: pruned.healed + (retention?.healed ?? 0) };
}

function particularsOf(
  action: ActionOf<'backup'>,
  context: RunContext,
  settings: Pick<Settings, 'compression' | 'passphrase' | 'runTimeoutMs'>,
): Particulars {
  const { policy, mode, slot } = action;
  const target = policy.target.value;
  const volumes = policy.volumes.value;
  const keepFull = policy.keepFull.value;
  const notEmpty = slot.kind === 'manual' ? [] : notEmptyBefore(context, target);
  return {
    target,
    volumes: volumes.kind === 'all' ? 'all' : volumes.names,
    mount: 'ro',
    bandwidth: bandwidthFor(policy),
    afterwards: null,
    options: optionsFor(policy, settings.compression, isMachineMade(settings.passphrase)),
    variables: {
      ACTION: mode === 'full' ? 'full' : 'backup',
      BACKUP_OPTIONS: backupOptionsFor(action).join(' '),
      KEEP_FULL: keepFull === null ? '' : String(keepFull),
      NOT_EMPTY: notEmpty.join(' '),
      LATEST: String(Math.floor((context.startedAt + settings.runTimeoutMs + AHEAD_MS) / 1000)),
    },
  };
}

/** What stays on the device goes over no wire. */
function bandwidthFor({ target, bandwidth }: Policy): number | null {
  return target.value.deviceLocal ? null : bandwidth.value;
}

/**
 * Options of every command. The operator's own come last: Duplicity takes the last. Stretching a passphrase takes GnuPG
 * half a second for each file. It protects one that can be guessed: the master's, by which the devices' own are derived.
 */
function optionsFor(policy: Policy, compression: Compression, machineMade: boolean): readonly string[] {
  const { target } = policy;
  const pack = { none: ['--compress-algo=none'], fast: ['--compress-level=1'], default: [] };
  const gpg = [...(machineMade ? ['--s2k-count=65536'] : []), ...pack[compression]];
  const limit = bandwidthOptions(target.value, bandwidthFor(policy));
  return [...(gpg.length === 0 ? [] : [`--gpg-options=${gpg.join(' ')}`]), ...limit, ...target.value.options];
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

/** Volumes that were not empty in the last good run: empty now, they are refused. */
function notEmptyBefore({ lastSuccess }: RunContext, { place }: Target): readonly string[] {
  const stored = storedBy(lastSuccess);
  if (stored === null || lastSuccess?.place !== place) return [];
  return stored.volumes.filter((name) => !stored.emptyVolumes.includes(name));
}
