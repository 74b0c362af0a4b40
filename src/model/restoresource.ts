import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { bandwidthOptions } from './bandwidth';
import type { DeviceUuid } from './brand';
import { describeProblem } from './describe';
import type { Device } from './device';
import { policyFor } from './folded';
import type { Policy, Target, VolumeSelection } from './policy';
import { resolveDesired, type ResolveSettings } from './resolve';

/** Whose backups are restored, and where they are. */
export interface RestoreSource {
  readonly uuid: DeviceUuid;
  /** With the limit of bandwidth among its options. */
  readonly target: Target;
  /** What the policy backs up. */
  readonly volumes: VolumeSelection;
}

/** Why there is no source: a policy that cannot be read, or backups that no other device can reach. */
export interface NoSource {
  readonly kind: 'policy' | 'unreachable';
  readonly message: string;
}

/** The device's own backups, whether or not it is backed up now. */
export function ownSource(device: Device, settings: ResolveSettings): Either<NoSource, RestoreSource> {
  const policy = policyOf(device, settings);
  if (isLeft(policy)) return policy;
  const { target, volumes, bandwidth } = policy.right;
  const limit = bandwidthOptions(target.value, bandwidth.value);
  const limited = { ...target.value, options: [...limit, ...target.value.options] };
  return right({ uuid: device.uuid, target: limited, volumes: volumes.value });
}

/**
 * The backups of the device `from`: where this device's policy would have them, or where its own tag says while it exists as
 * `other`.
 */
export function otherSource(
  device: Device,
  from: DeviceUuid,
  other: Device | null,
  settings: ResolveSettings,
): Either<NoSource, RestoreSource> {
  const source = ownSource(other?.tags.has('backupUrl') === true ? other : { ...device, uuid: from }, settings);
  if (isLeft(source) || !source.right.target.deviceLocal) return source;
  return left({
    kind: 'unreachable',
    message: `The backups of ${from} are on that device itself (${source.right.target.shown}), where no other device can reach them`,
  });
}

function policyOf(device: Device, settings: ResolveSettings): Either<NoSource, Policy> {
  const enabled = { ...device, tags: new Map([...device.tags, ['backupEnabled', 'true']]) };
  const desire = resolveDesired([enabled], { ...settings, backupSelf: true })[0]?.desire;
  if (desire?.kind === 'enabled') return right(policyFor(device, desire.policy));
  const problems = desire?.kind === 'rejected' ? desire.problems.map(describeProblem) : ['there is no policy'];
  return left({ kind: 'policy', message: `This is to be corrected first: ${problems.join('; ')}` });
}
