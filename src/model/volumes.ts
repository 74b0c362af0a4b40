import { left, right, type Either } from 'fp-ts/Either';
import type { VolumeSelection } from './policy';
import { quoted } from './quote';

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;
const LONGEST_NAME = 200;

/** The volume's own name: the engine's has the number of the device's fleet before it. */
export function bareName(name: string, fleetId: number): string {
  const prefix = `${String(fleetId)}_`;
  return name.startsWith(prefix) ? name.slice(prefix.length) : name;
}

/**
 * `all`, or names with commas between them. `fleetId` is the device's own fleet: its `<fleetId>_<name>` means `<name>`,
 * another fleet's prefix is refused. Null, where no device is known yet, leaves prefixes alone.
 */
export function parseVolumes(text: string, fleetId: number | null): Either<string, VolumeSelection> {
  const words = text.split(',').map((word) => word.trim());
  if (words.length === 1 && words[0] === 'all') return right({ kind: 'all' });
  const names = new Set<string>();
  for (const word of words) {
    const problem = problemWith(word, fleetId);
    if (problem !== null) return left(problem);
    names.add(fleetId === null ? word : bareName(word, fleetId));
  }
  return right({ kind: 'named', names: [...names] });
}

function problemWith(word: string, fleetId: number | null): string | null {
  if (word === '')
    return 'a name is missing; write all, or names with single commas between them, for example data,config';
  if (word === 'all') return 'all means every volume and stands alone; write either all or the names';
  if (!NAME.test(word) || word.length > LONGEST_NAME) {
    return `${quoted(word)} is not a volume name; names have letters, digits, _, . and -, and begin with a letter or a digit`;
  }
  return prefixProblemWith(word, fleetId);
}

/** The engine's name of a volume is `<fleet id>_<name>`: the device's own is the same as `<name>`, another's is a mistake. */
function prefixProblemWith(word: string, fleetId: number | null): string | null {
  const [, prefix, rest] = /^(\d+)_(.*)$/.exec(word) ?? [];
  if (prefix === undefined || fleetId === null) return null;
  if (prefix !== String(fleetId)) {
    return `${quoted(word)} begins like a volume of another fleet (${prefix}), and this device's fleet is ${String(fleetId)}; write the volume's own name`;
  }
  return NAME.test(rest ?? '')
    ? null
    : `${quoted(word)} has no volume name after the fleet's number; write the volume's own name`;
}
