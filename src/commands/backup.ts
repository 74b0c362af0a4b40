import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { ActionArgs } from '../model/action';
import type { Device } from '../model/device';
import type { Policy } from '../model/policy';
import { describePolicy } from '../model/policytext';
import { type HandTools, runByHand } from './byhand';
import type { Refusal } from './refusal';
import type { Call } from './call';
import { deviceText } from './finddevice';
import { manually } from './manual';

export interface BackupTools extends HandTools {
  /** What the device's tags and the environment ask for, whether or not it is enabled. */
  readonly policyOf: (device: Device) => Promise<Either<Refusal, Policy>>;
  /** Whether a new chain is due. */
  readonly modeOf: (policy: Policy, device: Device) => ActionArgs['backup']['mode'];
}

/** One backup now, as the tags say. Gives the exit code. */
export async function backup({ words, flags }: Call, tools: BackupTools): Promise<number> {
  const [meant = ''] = words;
  const isFull = flags.has('full');
  return runByHand(
    {
      meant,
      isPatient: flags.has('wait'),
      again: `balena-backup backup ${meant}`,
      continues: 'backup',
      actionFor: async (device) => {
        const policy = await tools.policyOf(device);
        if (isLeft(policy)) return left(policy.left);
        tools.terminal.complain(`Backing up ${deviceText(device)}: ${describePolicy(policy.right)}.`);
        if (!isEnabled(device)) tools.terminal.complain(UNASKED);
        const mode = isFull ? 'full' : tools.modeOf(policy.right, device);
        const target = policy.right.target.value;
        return right({ ...manually('backup', device, target, tools.now()), policy: policy.right, mode });
      },
    },
    tools,
  );
}

const UNASKED = 'The device is not enabled for backups on schedule; this one is made since you ask for it.';

function isEnabled({ tags, fleet }: Device): boolean {
  return (tags.get('backupEnabled') ?? fleet.tags.get('backupEnabled')) === 'true';
}
