import { type Either, isLeft, left, mapLeft } from 'fp-ts/Either';
import { type Hand, withHand } from './byhand';
import type { Refusal } from './commands/refusal';
import { restore } from './commands/restore';
import type { DeviceUuid } from './model/brand';
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

async function sourceOf(
  device: Device,
  from: DeviceUuid | null,
  settings: Settings,
  { find }: Pick<Hand, 'find'>,
): Promise<Either<Refusal, RestoreSource>> {
  if (from === null || from === device.uuid) return mapLeft(refusalOf)(ownSource(device, settings));
  const found = await find(from);
  if (isLeft(found)) return left({ code: 1, message: `${describeFailure(found.left)}.` });
  const other = found.right.find(({ uuid }) => uuid === from) ?? null;
  return mapLeft(refusalOf)(otherSource(device, from, other, settings));
}

function refusalOf({ kind, message }: NoSource): Refusal {
  return { code: kind === 'policy' ? 2 : 5, message: `Nothing was restored. ${message}.` };
}
