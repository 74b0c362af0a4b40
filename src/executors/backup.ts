import type { ActionOf } from '../model/action';
import type { Policy, Target } from '../model/policy';
import type { Executor, RunContext } from '../model/ports';
import { storedBy } from '../model/run';
import type { Settings } from '../model/settings';
import { type Particulars, runOnDevice, runRefOf, type RunTools } from './devicerun';

/** Backs a device's volumes up to its target. */
export function createBackup(tools: RunTools): Executor<'backup'> {
  return async (action, context) => {
    const { target, bandwidth } = action.policy;
    if (bandwidth.value !== null && target.value.scheme !== 'rsync') {
      const message = `the bandwidth limit has no effect: Duplicity can only limit rsync:// targets, and this is ${target.value.scheme}://`;
      context.emit({ event: 'run.warned', run: runRefOf(action, context), message });
    }
    return runOnDevice(action, context, particularsOf(action, context, tools.settings), tools);
  };
}

function particularsOf(
  action: ActionOf<'backup'>,
  context: RunContext,
  settings: Pick<Settings, 'compression'>,
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
    options: optionsFor(policy, settings),
    variables: {
      ACTION: mode === 'full' ? 'full' : 'backup',
      BACKUP_OPTIONS: backupOptionsFor(action).join(' '),
      KEEP_FULL: keepFull === null ? '' : String(keepFull),
      NOT_EMPTY: notEmpty.join(' '),
    },
  };
}

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

/** Volumes that were not empty in the last good run: empty now, they are refused. */
function notEmptyBefore({ facts }: RunContext, { place }: Target): readonly string[] {
  const last = facts?.lastSuccess ?? null;
  const stored = storedBy(last);
  if (stored === null || last?.place !== place) return [];
  return stored.volumes.filter((name) => !stored.emptyVolumes.includes(name));
}
