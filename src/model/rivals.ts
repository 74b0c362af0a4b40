import { quoted } from './quote';
import { shortUuidOf } from './device';
import type { DesiredDevice, PolicyProblem } from './policy';

/** Rejects both of two devices that would write to one place: their chains would destroy each other. */
export function rejectRivals(desired: readonly DesiredDevice[]): readonly DesiredDevice[] {
  const byPlace = new Map<string, DesiredDevice[]>();
  for (const each of desired) {
    if (each.desire.kind !== 'enabled') continue;
    const { place } = each.desire.policy.target.value;
    const sharers = byPlace.get(place);
    if (sharers === undefined) byPlace.set(place, [each]);
    else sharers.push(each);
  }
  return desired.map((each) => {
    if (each.desire.kind !== 'enabled') return each;
    const sharers = byPlace.get(each.desire.policy.target.value.place) ?? [];
    const problem = problemOf(each, sharers);
    return problem === null ? each : { device: each.device, desire: { kind: 'rejected', problems: [problem] } };
  });
}

function problemOf({ device, desire }: DesiredDevice, sharers: readonly DesiredDevice[]): PolicyProblem | null {
  if (desire.kind !== 'enabled' || sharers.length < 2) return null;
  const others = sharers.filter((each) => each.device.uuid !== device.uuid);
  const named = others.slice(0, 3).map((each) => `${quoted(each.device.name)} (${shortUuidOf(each.device.uuid)})`);
  const more = others.length > 3 ? ` and ${String(others.length - 3)} more` : '';
  return {
    field: 'backupUrl',
    origin: desire.policy.target.origin,
    message: `this target is also that of ${named.join(', ')}${more}, and two devices at one place destroy each other's backups; put $UUID into the URL's path`,
  };
}
