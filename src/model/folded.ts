import { createHash } from 'node:crypto';
import type { DeviceUuid } from './brand';
import type { Device } from './device';
import type { Desire, FoldedPolicy, Policy, Target } from './policy';
import { Pool } from './pool';

/** Stands for the device's own UUID. No URL, tag or name has it in it. */
const OWN = '\u0000';

/** The text with the device's own UUID left open: what a fleet's devices say each for itself is then one text, held once. */
export function folded(text: string, uuid: DeviceUuid): string {
  return text.replaceAll(uuid, OWN);
}

/** The text that `folded` was made from. */
export function unfolded(text: string, uuid: DeviceUuid): string {
  return text.includes(OWN) ? text.replaceAll(OWN, uuid) : text;
}

/** `own`: no other device's such text can be equal; `odd`: another device's UUID may be in it, or come about in it. */
export function kindOfFolded(text: string): 'own' | 'common' | 'odd' {
  if (ODD.test(text)) return 'odd';
  return text.includes(OWN) ? 'own' : 'common';
}

const ODD = new RegExp(`[0-9a-f]{32}|[0-9a-f]${OWN}|${OWN}[0-9a-f]`);

/** The device's own policy. */
export function policyFor({ uuid }: Pick<Device, 'uuid'>, policy: FoldedPolicy): Policy {
  const { target, volumes, schedule, timezone, fullEvery, keepFull, bandwidth, request, address } = policy;
  const own = { value: withTexts(target.value.folded, (text) => unfolded(text, uuid)), origin: target.origin };
  return { target: own, volumes, schedule, timezone, fullEvery, keepFull, bandwidth, request, address };
}

/** The place of the device's own target. */
export function placeFor({ uuid }: Pick<Device, 'uuid'>, { target }: FoldedPolicy): string {
  return unfolded(target.value.folded.place, uuid);
}

/** The policy with the device's UUID left open. */
export function foldedPolicy(policy: Policy, uuid: DeviceUuid): FoldedPolicy {
  const { value, origin } = policy.target;
  const { pattern, timezone } = policy.schedule.value;
  const target = { folded: withTexts(value, (text) => folded(text, uuid)) };
  const all = { ...policy, target: { value: target, origin }, scheduleKey: `${pattern} ${timezone}` };
  return { ...all, key: keyOf(all) };
}

function keyOf({
  target,
  volumes,
  schedule,
  fullEvery,
  keepFull,
  bandwidth,
  address,
}: Omit<FoldedPolicy, 'key'>): string {
  const fields = [target, volumes, schedule, fullEvery, keepFull, bandwidth, address];
  return digestOf(fields.map((field) => field?.value ?? null));
}

/** What was read from the tags of one device. */
export type ReadDesire =
  Exclude<Desire, { readonly kind: 'enabled' }> | { readonly kind: 'enabled'; readonly policy: Policy };

/** Folds what was read and gives the first of equal desires for all of them. */
export class DesirePool {
  readonly #desires = new Pool<Desire>();
  readonly #policies = new Pool<FoldedPolicy>();

  public of(read: ReadDesire, uuid: DeviceUuid): Desire {
    if (read.kind !== 'enabled') return this.#desires.of(digestOf(read), () => read);
    const { policy } = read;
    return this.#desires.of(likeness(policy, uuid), () => ({ kind: 'enabled', policy: this.#policyOf(policy, uuid) }));
  }

  /** Requests and addresses are often a device's own: all else of such a policy is shared nevertheless. */
  #policyOf(policy: Policy, uuid: DeviceUuid): FoldedPolicy {
    const common = { ...policy, request: null, address: null };
    const shared = this.#policies.of(likeness(common, uuid), () => foldedPolicy(common, uuid));
    if (policy.request === null && policy.address === null) return shared;
    const own = { ...shared, request: policy.request, address: policy.address };
    return { ...own, key: keyOf(own) };
  }
}

/** The same for two policies that are folded to the same one. */
function likeness({ target, ...rest }: Policy, uuid: DeviceUuid): string {
  return digestOf([folded(JSON.stringify(target), uuid), rest]);
}

/** A digest, since a URL may hold a password. */
function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32);
}

function withTexts(target: Target, of: (text: string) => string): Target {
  const { user, host, filePrefix } = target;
  return {
    ...target,
    url: of(target.url),
    options: target.options.map(of),
    user: user === null ? null : of(user),
    host: host === null ? null : of(host),
    path: of(target.path),
    filePrefix: filePrefix === null ? null : of(filePrefix),
    place: of(target.place),
    shown: of(target.shown),
  };
}
