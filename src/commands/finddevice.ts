import { type Either, left, right } from 'fp-ts/Either';
import type { Device } from '../model/device';
import { shortUuidOf } from '../model/device';
import { escapeControls } from '../model/escape';

/** The fewest digits by which a device may be named. */
const SHORTEST = 7;
const LISTED = 10;

/** What a device is told from others by. */
type Named = Pick<Device, 'uuid' | 'name'>;

/**
 * The one device that a person means by a UUID, the beginning of one, or a name, among those that the API found for it;
 * else what to say.
 */
export function chooseDevice<D extends Named>(typed: string, found: readonly D[]): Either<string, D> {
  const shown = escapeControls(typed).slice(0, 60);
  const whole = found.filter(({ uuid }) => uuid === typed.toLowerCase());
  const meant = whole.length > 0 ? whole : found.filter((device) => isMeant(typed, device));
  const [device, ...others] = meant;
  if (device === undefined) return left(unknown(typed, shown));
  if (others.length === 0) return right(device);
  const names = meant.slice(0, LISTED).map(({ uuid, name }) => `${uuid} (${escapeControls(name)})`);
  const more = meant.length > LISTED ? ` and ${String(meant.length - LISTED)} more` : '';
  return left(
    `"${shown}" can mean ${String(meant.length)} devices: ${names.join(', ')}${more}. Write more of the UUID.`,
  );
}

function isMeant(typed: string, { uuid, name }: Named): boolean {
  return name === typed || (typed.length >= SHORTEST && uuid.startsWith(typed.toLowerCase()));
}

function unknown(typed: string, shown: string): string {
  if (/^[0-9a-f]+$/i.test(typed) && typed.length < SHORTEST) {
    return `"${shown}" is too short for a UUID: write ${String(SHORTEST)} or more of its digits, as the dashboard shows them.`;
  }
  return `No device is called "${shown}", and no UUID begins like that. See the dashboard for its UUID, and that CLI_API_KEY and BACKUP_FLEETS let this program see it.`;
}

/** A device in a sentence. */
export function deviceText({ uuid, name }: Named): string {
  return `${shortUuidOf(uuid)} (${escapeControls(name)})`;
}
