import { type Either, isLeft, left, mapLeft, right } from 'fp-ts/Either';
import { type Hand, withHand } from './byhand';
import type { Refusal } from './commands/refusal';
import { chooseDevice } from './commands/finddevice';
import { restore } from './commands/restore';
import { DeviceUuid } from './model/brand';
import { describeFailure } from './model/describe';
import type { Device } from './model/device';
import { type NoSource, otherSource, ownSource, type RestoreSource } from './model/restoresource';
import type { Settings } from './model/settings';
import type { Perform } from './perform';

/** A restore by hand. */
export const performRestore: Perform = (call, settings, terminal) =>
  withHand(settings, terminal, (hand) =>
    restore(call, {
      ...hand,
      assumesYes: settings.assumeYes,
      sourceOf: (device, from) => sourceOf(device, from, settings, hand),
    }),
  );

/** Where the backups are that are meant: the device's own, or another's by what a person calls that one. */
export async function sourceOf(
  device: Device,
  from: string | null,
  settings: Settings,
  { find }: Pick<Hand, 'find'>,
): Promise<Either<Refusal, RestoreSource>> {
  if (from === null) return mapLeft(refusalOf)(ownSource(device, settings));
  const found = await find(from);
  if (isLeft(found)) return left({ code: 1, message: `${describeFailure(found.left)}.` });
  const meant = otherMeant(from, found.right, device);
  if (isLeft(meant)) return left({ code: 2, message: `--from: ${meant.left}` });
  const { uuid, other } = meant.right;
  const source = uuid === device.uuid ? ownSource(device, settings) : otherSource(device, uuid, other, settings);
  return mapLeft(refusalOf)(source);
}

interface Other {
  readonly uuid: DeviceUuid;
  /** Null where balena no longer knows it. */
  readonly other: Device | null;
}

/** A device that is gone can only be named by its whole UUID; its name may be that of the one which stands for it now. */
function otherMeant(from: string, found: readonly Device[], own: Device): Either<string, Other> {
  const whole = from.toLowerCase();
  if (DeviceUuid.is(whole)) return right({ uuid: whole, other: found.find(({ uuid }) => uuid === whole) ?? null });
  const chosen = chooseDevice(from, found);
  if (isLeft(chosen)) return left(`${chosen.left} ${GONE}`);
  if (chosen.right.uuid === own.uuid) return left(`that is the device itself. ${GONE}`);
  return right({ uuid: chosen.right.uuid, other: chosen.right });
}

const GONE = 'A device that is gone is named by its whole UUID.';

function refusalOf({ kind, message }: NoSource): Refusal {
  return { code: kind === 'policy' ? 2 : 5, message: `Nothing was restored. ${message}.` };
}
