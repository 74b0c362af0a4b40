import { describeProblem } from '../model/describe';
import type { Device } from '../model/device';
import type { DesiredDevice } from '../model/policy';
import { quoted } from '../model/quote';
import { tagMistakes } from '../model/tagmistakes';

const TAG = 'backupEnabled';

/** Why a device is not backed up at all. */
export function notEnabledText({ device, desire }: DesiredDevice): string {
  if (desire.kind === 'not-enabled' && desire.problem !== null) return describeProblem(desire.problem);
  return `it is not enabled: ${reasonOf(device)}`;
}

function reasonOf(device: Device): string {
  const { tags, fleet } = device;
  if (tags.has(TAG))
    return `its own tag ${TAG} is false${isFleetEnabled(device) ? ", which goes before its fleet's" : ''}`;
  const mistake = mistakeOf(device);
  const unread = mistake === null ? '' : `; ${mistake.whose} tag ${quoted(mistake.tag)} is not read`;
  return fleet.tags.has(TAG)
    ? `its fleet's tag ${TAG} is false, and it has none of its own${unread}`
    : `neither it nor its fleet has the tag ${TAG}${unread}`;
}

/** What to do to have it backed up. */
export function enableAdvice({ device, desire }: DesiredDevice): string {
  if (desire.kind === 'not-enabled' && desire.problem !== null) return 'The reason above says what to write instead.';
  const mistake = mistakeOf(device);
  if (mistake !== null) return `Name ${mistake.whose} tag ${quoted(mistake.tag)} ${TAG} if that is meant.`;
  if (device.tags.has(TAG)) {
    const or = isFleetEnabled(device) ? ", or remove it: its fleet's is true" : '';
    return `To have it backed up, set its own tag ${TAG} to true${or}.`;
  }
  return `To have it backed up, set the tag ${TAG} to true on the device, or on its fleet ${device.fleet.slug} for all devices of it.`;
}

function isFleetEnabled({ fleet }: Device): boolean {
  return fleet.tags.get(TAG) === 'true';
}

/** A misspelt tag that was probably meant. */
function mistakeOf({ tags, fleet }: Device): { readonly whose: string; readonly tag: string } | null {
  for (const [whose, all] of [
    ['its own', tags],
    ["its fleet's", fleet.tags],
  ] as const) {
    const mistake = tagMistakes(all).find(({ meant }) => meant === TAG);
    if (mistake !== undefined) return { whose, tag: mistake.tag };
  }
  return null;
}
