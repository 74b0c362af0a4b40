import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { type Hand, openHand } from './byhand';
import type { Refusal } from './commands/refusal';
import { restore, type RestoreSource } from './commands/restore';
import type { DeviceUuid } from './model/brand';
import { describeFailure, describeProblem } from './model/describe';
import type { Device } from './model/device';
import type { Policy } from './model/policy';
import { resolveDesired } from './model/resolve';
import type { Settings } from './model/settings';
import type { Perform } from './perform';

/** A restore by hand. */
export const performRestore: Perform = async (call, settings, terminal) => {
  const hand = openHand(settings, terminal);
  try {
    return await restore(call, {
      ...hand,
      assumesYes: settings.assumeYes,
      sourceOf: (device, from) =>
        from === null || from === device.uuid
          ? Promise.resolve(ownSource(device, settings))
          : otherSource(device, from, settings, hand),
    });
  } finally {
    await hand.close();
  }
};

function ownSource(device: Device, settings: Settings): Either<Refusal, RestoreSource> {
  const policy = policyOf(device, settings);
  if (isLeft(policy)) return policy;
  return right({ uuid: device.uuid, target: policy.right.target.value, volumes: policy.right.volumes.value });
}

/** Another device's backups are where this device's policy would have them, or where its own tag says while it exists. */
async function otherSource(
  device: Device,
  from: DeviceUuid,
  settings: Settings,
  { find }: Pick<Hand, 'find'>,
): Promise<Either<Refusal, RestoreSource>> {
  const found = await find(from);
  if (isLeft(found)) return left({ code: 1, message: `${describeFailure(found.left)}.` });
  const other = found.right.find(({ uuid }) => uuid === from);
  const source = ownSource(other?.tags.has('backupUrl') === true ? other : { ...device, uuid: from }, settings);
  if (isLeft(source) || !source.right.target.deviceLocal) return source;
  return left({
    code: 5,
    message: `The backups of ${from} are on that device itself (${source.right.target.shown}), where no other device can reach them. Nothing was restored.`,
  });
}

/** What the tags ask for, whether or not the device is backed up now. */
function policyOf(device: Device, settings: Settings): Either<Refusal, Policy> {
  const enabled = { ...device, tags: new Map([...device.tags, ['backupEnabled', 'true']]) };
  const desire = resolveDesired([enabled], { ...settings, backupSelf: true })[0]?.desire;
  if (desire?.kind === 'enabled') return right(desire.policy);
  const problems = desire?.kind === 'rejected' ? desire.problems.map(describeProblem) : ['there is no policy'];
  return left({ code: 2, message: `Nothing can be restored before this is corrected: ${problems.join('; ')}.` });
}
