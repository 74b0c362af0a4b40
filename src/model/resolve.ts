import { type Either, isLeft, left, map, right } from 'fp-ts/Either';
import { parseAddress } from './address';
import { parseBytes } from './bytes';
import type { Device } from './device';
import { parseInterval } from './interval';
import type { Desire, DesiredDevice, Origin, Policy, PolicyProblem, Resolved } from './policy';
import { placesIn } from './places';
import { quoted } from './quote';
import { DesirePool, type ReadDesire } from './folded';
import { rejectRivals } from './rivals';
import { parseSchedule } from './schedule';
import type { DefaultField, Settings } from './settings';
import { parseTarget, serverOf } from './target';
import { parseTimezone } from './timezone';
import { parseVolumes } from './volumes';

/** What of the settings a policy is made with. */
export type ResolveSettings = Pick<Settings, 'defaults' | 'environment' | 'urlVariables' | 'backupSelf' | 'selfUuid'>;

/** A text and where it was found. */
interface Found {
  readonly text: string;
  readonly origin: Origin;
}

/** What the tags and defaults ask for each device: environment < fleet tag < device tag. The order is the devices'. */
export function resolveDesired(devices: readonly Device[], settings: ResolveSettings): readonly DesiredDevice[] {
  return createResolver(settings)(devices);
}

/** The same for one answer of the API after another: where the very tags are known from the last one, they are not read again. */
export function createResolver(settings: ResolveSettings): (devices: readonly Device[]) => readonly DesiredDevice[] {
  let known: readonly DesiredDevice[] = [];
  const pool = new DesirePool();
  const desireWith = (device: Device): Desire => pool.of(desireOf(device, settings), device.uuid);
  return (devices) => {
    const before = known;
    const placeOf = placesIn(before, ({ device }) => device.uuid);
    known = listedOnce(devices, before).map((device, at) =>
      readAgain(device, before[placeOf(device.uuid, at)], desireWith),
    );
    return rejectRivals(known);
  };
}

/** No device twice, whatever the API says. What has the order of the former list, which has none twice, needs no index. */
function listedOnce(devices: readonly Device[], before: readonly DesiredDevice[]): readonly Device[] {
  const isKnown = before.length === devices.length && devices.every(({ uuid }, at) => before[at]?.device.uuid === uuid);
  return isKnown ? devices : [...new Map(devices.map((device) => [device.uuid, device])).values()];
}

function readAgain(device: Device, before: DesiredDevice | undefined, read: (device: Device) => Desire): DesiredDevice {
  if (before?.device === device) return before;
  const isSame = before !== undefined && before.device.tags === device.tags && before.device.fleet === device.fleet;
  return { device, desire: isSame ? before.desire : read(device) };
}

function desireOf(device: Device, settings: ResolveSettings): ReadDesire {
  const enabled = foundTag(device, 'backupEnabled');
  if (enabled === null || enabled.text === 'false') return { kind: 'not-enabled', problem: null };
  if (enabled.text !== 'true') {
    const message = `${quoted(enabled.text)} is neither true nor false, so the device is not backed up; write true or false`;
    return { kind: 'not-enabled', problem: { field: 'backupEnabled', origin: enabled.origin, message } };
  }
  if (device.uuid === settings.selfUuid && !settings.backupSelf) {
    const message =
      'the orchestrator itself runs on this device, which is only backed up when asked; set BACKUP_SELF=true';
    return { kind: 'not-enabled', problem: { field: 'backupEnabled', origin: enabled.origin, message } };
  }
  const policy = policyOf(device, settings);
  return isLeft(policy) ? { kind: 'rejected', problems: policy.left } : { kind: 'enabled', policy: policy.right };
}

function foundTag(device: Device, tag: string): Found | null {
  const own = device.tags.get(tag);
  if (own !== undefined) return { text: own, origin: { kind: 'device-tag', tag } };
  const fleet = device.fleet.tags.get(tag);
  return fleet === undefined ? null : { text: fleet, origin: { kind: 'fleet-tag', tag } };
}

function found(device: Device, tag: string, fallback: DefaultField): Found {
  const { variable, text, given } = fallback;
  return foundTag(device, tag) ?? { text, origin: { kind: given ? 'environment' : 'default', variable } };
}

/** Collects problems, so that a person sees all of them at once. */
class Reading {
  public readonly problems: PolicyProblem[] = [];

  public field<T>(from: Found, parse: (text: string) => Either<string | readonly string[], T>): Resolved<T> | null {
    const value = parse(from.text);
    if (!isLeft(value)) return { value: value.right, origin: from.origin };
    const field = 'tag' in from.origin ? from.origin.tag : from.origin.variable;
    for (const message of typeof value.left === 'string' ? [value.left] : value.left) {
      this.problems.push({ field, origin: from.origin, message });
    }
    return null;
  }

  /** A field that may be absent; `absent` is its value then. */
  public optional<T>(
    from: Found | null,
    absent: Resolved<T>,
    parse: (text: string) => Either<string, T>,
  ): Resolved<T> | null {
    return from === null ? absent : this.field(from, parse);
  }
}

function policyOf(device: Device, settings: ResolveSettings): Either<readonly PolicyProblem[], Policy> {
  const { defaults } = settings;
  const reading = new Reading();
  const url = found(device, 'backupUrl', defaults.url);
  const volumes = found(device, 'backupVolumes', defaults.volumes);
  const target = reading.field(url, (text) => targetOf(text, url.origin, device, settings));
  const selection = reading.field(volumes, (text) => parseVolumes(text, device.fleet.id));
  const schedule = scheduleOf(device, settings, reading);
  const fullEvery = reading.field(found(device, 'backupFullEvery', defaults.fullEvery), parseInterval);
  const limits = limitsOf(device, settings, reading);
  const tokens = tokensOf(device, reading);
  if (target === null || selection === null || schedule === null || fullEvery === null || limits === null) {
    return left(reading.problems);
  }
  if (reading.problems.length > 0) return left(reading.problems);
  return right({ target, volumes: selection, ...schedule, fullEvery, ...limits, ...tokens });
}

function targetOf(
  text: string,
  origin: Origin,
  device: Device,
  settings: ResolveSettings,
): ReturnType<typeof parseTarget> {
  const trusted = 'variable' in origin;
  const { environment, urlVariables: allowed } = settings;
  const context = { uuid: device.uuid, environment, allowed, trusted, home: null };
  if (trusted) return parseTarget(text, context);
  const own = parseTarget(settings.defaults.url.text, { ...context, trusted: true });
  return parseTarget(text, { ...context, home: isLeft(own) ? null : serverOf(own.right) });
}

function scheduleOf(
  device: Device,
  { defaults }: ResolveSettings,
  reading: Reading,
): Pick<Policy, 'schedule' | 'timezone'> | null {
  const zone = reading.field(found(device, 'backupTimezone', defaults.timezone), parseTimezone);
  const from = found(device, 'backupSchedule', defaults.schedule);
  // With a zone that cannot be read the schedule is still checked, so that a person sees both.
  const schedule = reading.field(from, (text) => parseSchedule(text, zone?.value ?? 'UTC', device.uuid));
  return zone === null || schedule === null ? null : { schedule, timezone: zone };
}

function limitsOf(
  device: Device,
  { defaults }: ResolveSettings,
  reading: Reading,
): Pick<Policy, 'keepFull' | 'bandwidth'> | null {
  const keepFull = reading.optional<number | null>(
    foundOptional(device, 'backupKeepFull', defaults.keepFull),
    { value: null, origin: { kind: 'default', variable: 'BACKUP_KEEP_FULL' } },
    parseKeepFull,
  );
  const bandwidth = reading.optional<number | null>(
    foundOptional(device, 'backupBandwidth', defaults.bandwidth),
    { value: null, origin: { kind: 'default', variable: 'BACKUP_BANDWIDTH' } },
    parseBytes,
  );
  return keepFull === null || bandwidth === null ? null : { keepFull, bandwidth };
}

function foundOptional(device: Device, tag: string, fallback: DefaultField | null): Found | null {
  return fallback === null ? foundTag(device, tag) : found(device, tag, fallback);
}

/** Number of full chains to keep. */
export function parseKeepFull(text: string): Either<string, number> {
  if (/^[1-9]\d{0,3}$/.test(text)) return right(Number(text));
  return left(
    `${quoted(text)} is not a number of chains to keep; write a whole number from 1 to 9999, or leave it out to keep all`,
  );
}

function tokensOf(device: Device, reading: Reading): Pick<Policy, 'request' | 'address'> {
  const request = foundTag(device, 'backupRequest');
  const address = foundTag(device, 'backupAddress');
  return {
    // An empty token hides the fleet's and asks for nothing.
    request: request === null || request.text === '' ? null : reading.field(request, parseToken),
    address: address === null ? null : reading.field(address, (text) => map(() => text)(parseAddress(text))),
  };
}

function parseToken(text: string): Either<string, string> {
  if (/^[\x21-\x7e](?:[\x20-\x7e]{0,198}[\x21-\x7e])?$/.test(text)) return right(text);
  return left(
    `${quoted(text)} cannot be a request; write up to 200 printable characters without blanks at the ends, for example today's date`,
  );
}
