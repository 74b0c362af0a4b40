import { actionIdOf, type ActionKind, type ActionOf } from '../model/action';
import type { Instant } from '../model/brand';
import type { Device } from '../model/device';
import type { Target } from '../model/policy';

/** What an action by hand has, whatever its kind. */
export function manually<K extends ActionKind>(
  kind: K,
  device: Device,
  target: Target,
  now: Instant,
): Pick<ActionOf<ActionKind>, 'id' | 'device' | 'target' | 'slot' | 'dueSince' | 'attempt'> & { readonly kind: K } {
  const slot = { kind: 'manual', at: now } as const;
  return { kind, id: actionIdOf(device.uuid, kind, slot), device, target, slot, dueSince: now, attempt: 1 };
}
