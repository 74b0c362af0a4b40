import type { DeviceUuid } from './brand';

/** Stands for the device's own UUID. No URL, tag or name has it in it. */
const OWN = '\u0000';

/** The text with the device's own UUID left open: what a fleet's devices say each for itself is then the same text, and is kept once. */
export function folded(text: string, uuid: DeviceUuid): string {
  return text.replaceAll(uuid, OWN);
}

/** The text that `folded` was made from. */
export function unfolded(text: string, uuid: DeviceUuid): string {
  return text.includes(OWN) ? text.replaceAll(OWN, uuid) : text;
}
