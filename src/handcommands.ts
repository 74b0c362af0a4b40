import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { type Hand, withHand } from './byhand';
import { backup } from './commands/backup';
import type { Refusal } from './commands/refusal';
import { execute } from './commands/execute';
import { list } from './commands/list';
import { snapshots } from './commands/snapshots';
import { actionIdOf, runIdOf } from './model/action';
import { instantOf } from './model/brand';
import { describeFailure, describeProblem } from './model/describe';
import { policyFor } from './model/folded';
import type { Device } from './model/device';
import type { Failure } from './model/failure';
import type { Policy, Target } from './model/policy';
import type { StoredFile } from './model/sets';
import { resolveDesired } from './model/resolve';
import { Secret } from './model/secret';
import type { Settings } from './model/settings';
import { rawTarget } from './model/target';
import { urlPasswordsIn } from './model/urlpasswords';
import type { Perform } from './perform';
import { modeOf } from './reconciler/mode';
import { collectorFolderOf, readCollectorFiles } from './store/collectorfiles';

/** One backup by hand. */
export const performBackup: Perform = (call, settings, terminal) =>
  withHand(settings, terminal, (hand) =>
    backup(call, {
      ...hand,
      policyOf: (device) => policyOf(device, settings, hand),
      modeOf: (policy, device) => modeOf(policy, hand.factsOf(device.uuid), hand.now()),
    }),
  );

/** Which snapshots there are. */
export const performSnapshots: Perform = (call, settings, terminal) =>
  withHand(settings, terminal, (hand) =>
    snapshots(call, {
      ...hand,
      policyOf: (device) => policyOf(device, settings, hand),
      filesAt: (target, device) => filesAt(target, device, hand),
    }),
  );

/** What is in a snapshot. */
export const performList: Perform = (call, settings, terminal) =>
  withHand(settings, terminal, (hand) =>
    list(call, { ...hand, policyOf: (device) => policyOf(device, settings, hand) }),
  );

/** Duplicity by hand. A password that a person typed is as secret as those of the environment. */
export const performExecute: Perform = (call, settings, terminal) => {
  const typed = urlPasswordsIn(call.words[1] ?? '').map((password) => new Secret(password));
  const secrets = [...settings.secrets, ...typed];
  return withHand({ ...settings, secrets }, terminal, (hand) =>
    execute(call, {
      ...hand,
      mountMode: settings.mountMode,
      targetOf: (url, options, { uuid }) => {
        const { environment, urlVariables: allowed } = settings;
        return rawTarget(url, options, { uuid, environment, allowed, trusted: true, home: null });
      },
    }),
  );
};

/** Null where the target is not at the collector, whose file names tell it all. */
async function filesAt(
  target: Target,
  { uuid }: Device,
  { joined }: Hand,
): Promise<Either<Failure, readonly StoredFile[]> | null> {
  const folder = collectorFolderOf(target, uuid);
  if (folder === null || !joined.keys.isCollector(target)) return null;
  const runId = runIdOf(actionIdOf(uuid, 'execute', { kind: 'manual', at: instantOf(0) }), 1);
  const credential = await joined.keys.credentialFor(target, uuid, runId, 'read');
  if (isLeft(credential)) return credential;
  return readCollectorFiles(folder, credential.right);
}

/** What the tags ask for, as if the device were enabled: whoever runs a backup by hand wants it. */
async function policyOf(device: Device, settings: Settings, { joined }: Hand): Promise<Either<Refusal, Policy>> {
  const fleet = await joined.api.readDevices(new AbortController().signal);
  if (isLeft(fleet)) return left({ code: 1, message: `${describeFailure(fleet.left)}.` });
  const others = fleet.right.devices.filter(({ uuid }) => uuid !== device.uuid);
  const enabled = { ...device, tags: new Map([...device.tags, ['backupEnabled', 'true']]) };
  const desired = resolveDesired([...others, enabled], { ...settings, backupSelf: true });
  const desire = desired.find((each) => each.device.uuid === device.uuid)?.desire;
  if (desire?.kind === 'enabled') return right(policyFor(device, desire.policy));
  const problems = desire?.kind === 'rejected' ? desire.problems.map(describeProblem) : ['there is no policy'];
  return left({ code: 2, message: `The device cannot be backed up before this is corrected: ${problems.join('; ')}.` });
}
