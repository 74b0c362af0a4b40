import { type Either, isLeft, map } from 'fp-ts/Either';
import { apiCheck, fleetKeyCheck, type Survey } from './checks/account';
import { clockCheck } from './checks/clock';
import { collectorCheck, type CollectorTrial, noDevice } from './checks/collector';
import { keysDirCheck, stateCheck } from './checks/folders';
import { imageCheck } from './checks/image';
import { controllerCheck, settingsCheck } from './checks/settings';
import { tagsCheck } from './checks/tags';
import { type Login, wayCheck } from './checks/ways';
import { doctor } from './commands/doctor';
import { type Doors, openDoors } from './doors';
import { scrubbed } from './inquiries';
import { exposureOf } from './keys/statefile';
import { keyFoldersOf } from './keys/storedkey';
import { controllerOf } from './ledger/lock';
import { openReader } from './ledger/reader';
import { actionIdOf, runIdOf } from './model/action';
import { type DeviceUuid, deviceUuidOf, type Instant, instantOf } from './model/brand';
import type { Device } from './model/device';
import type { Failure } from './model/failure';
import { policyFor } from './model/folded';
import { type Check, type Finding, warn } from './model/finding';
import type { DesiredDevice, Target } from './model/policy';
import { resolveDesired } from './model/resolve';
import type { Settings, TransportKind } from './model/settings';
import { parseTarget } from './model/target';
import type { Perform } from './perform';
import { readCollectorFiles } from './store/collectorfiles';

const LIMIT_MS = 8000;
/** More than one answer is waited for. */
const LONG_MS = 16_000;
/** The whole fleet is read, and it may be large. */
const SURVEY_MS = 30_000;
const COLLECTORS = 5;

/** Looks at all that a run needs. */
export const performDoctor: Perform = ({ output }, settings, terminal) => {
  const looking = lookingAt(settings);
  const checks = [...placeChecks(looking), ...accountChecks(looking), ...runChecks(looking)];
  return doctor({ checks, output, terminal: scrubbed(terminal, settings) });
};

/** What several checks share. */
interface Looking {
  readonly settings: Settings;
  readonly doors: Doors;
  readonly survey: Survey;
  readonly resolve: (devices: readonly Device[]) => readonly DesiredDevice[];
}

function lookingAt(settings: Settings): Looking {
  const doors = openDoors(settings, SURVEY_MS);
  let asked: ReturnType<Survey> | null = null;
  return {
    settings,
    doors,
    survey: () => (asked ??= doors.api.readAll(new AbortController().signal)),
    resolve: (devices) => resolveDesired(devices, settings),
  };
}

function placeChecks({ settings, doors }: Looking): readonly Check[] {
  const { stateDir, keysDir, apiUrl, warnings } = settings;
  const limitMs = LIMIT_MS;
  const ledger = openReader(stateDir);
  const isNeeded = settings.collectorHostKey === null && isCollectorByDefault(settings, doors);
  return [
    settingsCheck({ warnings, limitMs }),
    stateCheck({
      stateDir,
      keysFolder: keyFoldersOf(stateDir).kept,
      limitMs,
      exposureOf,
      readLedger: () => ledger.active(),
    }),
    controllerCheck({ limitMs, controller: () => controllerOf(stateDir) }),
    keysDirCheck({ keysDir, limitMs, isNeeded }),
    clockCheck({
      limitMs,
      now: () => Date.now(),
      apiTime: (signal) => apiTimeOf(apiUrl, signal),
      latest: () => latestIn(ledger),
    }),
  ];
}

function accountChecks({ settings: { apiUrl }, doors, survey }: Looking): readonly Check[] {
  const { api, keys, username } = doors;
  return [
    apiCheck({ apiUrl, username, survey, surveyMs: SURVEY_MS }),
    fleetKeyCheck({
      key: () => (doors.has('fleet') ? keys.fleetKey() : Promise.resolve(null)),
      hasKey: (publicKey, signal) => api.hasKey(publicKey, signal),
      limitMs: LIMIT_MS,
    }),
  ];
}

function runChecks(looking: Looking): readonly Check[] {
  const { settings, survey, resolve } = looking;
  return [
    ...settings.transports.map((kind) =>
      wayCheck({ kind, limitMs: LONG_MS, login: (signal) => loginBy(kind, looking, signal) }),
    ),
    collectorCheck({ limitMs: SURVEY_MS, trials: () => trialsOf(looking) }),
    imageCheck({ image: settings.image, limitMs: LIMIT_MS, fetch }),
    tagsCheck({ survey, surveyMs: SURVEY_MS, resolve }),
  ];
}

/** By the header of whatever it answers; it is asked without our key. */
async function apiTimeOf(apiUrl: string, signal: AbortSignal): Promise<number | null> {
  const answer = await fetch(`${apiUrl}/ping`, { signal });
  await answer.body?.cancel();
  const time = Date.parse(answer.headers.get('date') ?? '');
  return Number.isNaN(time) ? null : time;
}

/** Null also where the ledger cannot be read: that is told by another check. */
function latestIn(ledger: ReturnType<typeof openReader>): Instant | null {
  try {
    const times = [...ledger.facts().values()].flatMap(({ last }) => (last === null ? [] : [last.endedAt]));
    return times.length === 0 ? null : instantOf(times.reduce((latest, each) => Math.max(latest, each), 0));
  } catch {
    return null;
  }
}

async function loginBy(
  kind: TransportKind,
  { doors, survey, resolve }: Looking,
  signal: AbortSignal,
): Promise<Finding | Either<Failure, Login>> {
  if (!doors.has('fleet')) return NO_KEY;
  const fleet = kind === 'gateway' ? null : await survey();
  if (fleet !== null && isLeft(fleet)) return fleet;
  const device = fleet === null ? null : sampleOf(resolve(fleet.right.devices), kind);
  const door = doors.door(kind, device);
  if (door === null) return NO_DEVICE;
  return map((login: Omit<Login, 'host'>) => ({ host: door.host, ...login }))(await door.login(signal));
}

const NO_KEY = warn(
  'it is not tried, for our key is not made yet',
  'Start the controller with "balena-backup run", then ask again.',
);
const NO_DEVICE = warn(
  'there is no device that is enabled and connected, or for direct has an address, to try it on',
  'Ask again when there is one.',
);

/** A device that a run could go to now. */
function sampleOf(desired: readonly DesiredDevice[], kind: TransportKind): Device | null {
  const found = desired.find(({ desire, device }) => {
    if (desire.kind !== 'enabled') return false;
    return kind === 'direct' ? desire.policy.address !== null : device.connected;
  });
  return found?.device ?? null;
}

async function trialsOf({ doors, survey, resolve }: Looking): Promise<Finding | readonly CollectorTrial[]> {
  const fleet = await survey();
  if (isLeft(fleet)) return warn('it is not known who sends snapshots there', 'See what is said about the API.');
  const enabled = resolve(fleet.right.devices).flatMap(({ device, desire }) =>
    desire.kind === 'enabled' ? [{ device, target: policyFor(device, desire.policy).target.value }] : [],
  );
  if (enabled.length === 0) return noDevice;
  // One device for each server.
  const there = new Map(
    enabled.filter(({ target }) => doors.keys.isCollector(target)).map((each) => [serverOf(each.target), each]),
  );
  if (there.size > 0 && !doors.has('ca')) return NO_KEY;
  return [...there.values()].slice(0, COLLECTORS).map((each) => trialOf(each, doors));
}

function serverOf({ host, port }: Target): string {
  return `${host ?? ''}:${String(port ?? 22)}`;
}

interface Sender {
  readonly device: Device;
  readonly target: Target;
}

function trialOf({ device: { uuid, name }, target }: Sender, { keys }: Doors): CollectorTrial {
  return {
    server: serverOf(target),
    deviceName: name,
    read: async (signal) => {
      const credential = await keys.credentialFor(target, uuid, runIdOf(actionIdOf(uuid, 'execute', NOW), 1), 'read');
      if (isLeft(credential)) return credential;
      const folder = { host: target.host ?? '', port: target.port ?? 22, path: `/backups/${uuid}` };
      return map((files: readonly unknown[]) => files.length)(
        await readCollectorFiles(folder, credential.right, signal),
      );
    },
  };
}

const NOW = { kind: 'manual', at: instantOf(0) } as const;
const ANY_DEVICE: DeviceUuid = deviceUuidOf('0'.repeat(32));

/** Whether BACKUP_URL leads to the collector: then it must learn our authority. */
function isCollectorByDefault({ defaults, environment, urlVariables: allowed }: Settings, { keys }: Doors): boolean {
  const context = { uuid: ANY_DEVICE, environment, allowed, trusted: true, home: null };
  const target = parseTarget(defaults.url.text, context);
  return !isLeft(target) && keys.isCollector(target.right);
}
