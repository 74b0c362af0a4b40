import { quoted } from './quote';
import { shortUuidOf } from './device';
import { kindOfFolded, placeFor } from './folded';
import type { Desire, DesiredDevice, PolicyProblem } from './policy';

/** Rejects both of two devices that would write to one place: their chains would destroy each other. */
export function rejectRivals(desired: readonly DesiredDevice[]): readonly DesiredDevice[] {
  const rejected = new Map<DesiredDevice, DesiredDevice>();
  for (const sharers of sharersOf(comparable(desired.filter(isEnabled)))) {
    for (const each of sharers) {
      rejected.set(each, { device: each.device, desire: { kind: 'rejected', problems: [problemOf(each, sharers)] } });
    }
  }
  return rejected.size === 0 ? desired : desired.map((each) => rejected.get(each) ?? each);
}

interface Enabled extends DesiredDevice {
  readonly desire: Extract<Desire, { readonly kind: 'enabled' }>;
}

function isEnabled(desired: DesiredDevice): desired is Enabled {
  return desired.desire.kind === 'enabled';
}

/** The devices that share a place, for each place that is shared. */
function sharersOf(desired: readonly Enabled[]): readonly (readonly Enabled[])[] {
  const byPlace = new Map<string, Enabled[]>();
  for (const each of desired) {
    const place = placeFor(each.device, each.desire.policy);
    const sharers = byPlace.get(place);
    if (sharers === undefined) byPlace.set(place, [each]);
    else sharers.push(each);
  }
  return [...byPlace.values()].filter(({ length }) => length > 1);
}

/**
 * Those whose places need to be compared. As long as no place has another device's UUID in it, one with the device's own
 * is like no other; so the places of a large fleet need not be made at all.
 */
function comparable(desired: readonly Enabled[]): readonly Enabled[] {
  const kinds = new Map<string, ReturnType<typeof kindOfFolded>>();
  const common: Enabled[] = [];
  for (const each of desired) {
    const { place } = each.desire.policy.target.value.folded;
    const kind = kinds.get(place) ?? kindOfFolded(place);
    kinds.set(place, kind);
    if (kind === 'odd') return desired;
    if (kind === 'common') common.push(each);
  }
  return common;
}

function problemOf({ device, desire }: Enabled, sharers: readonly Enabled[]): PolicyProblem {
  const others = sharers.filter((each) => each.device.uuid !== device.uuid);
  const named = others.slice(0, 3).map((each) => `${quoted(each.device.name)} (${shortUuidOf(each.device.uuid)})`);
  const more = others.length > 3 ? ` and ${String(others.length - 3)} more` : '';
  return {
    field: 'backupUrl',
    origin: desire.policy.target.origin,
    message: `this target is also that of ${named.join(', ')}${more}, and two devices at one place destroy each other's backups; put $UUID into the URL's path`,
  };
}
