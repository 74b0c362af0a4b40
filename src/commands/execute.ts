import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { Device } from '../model/device';
import { type DuplicityCommand, writesVolumes } from '../model/duplicitycommand';
import { parseDuplicityWords } from '../model/duplicitywords';
import type { Target } from '../model/policy';
import { type HandTools, runByHand } from './byhand';
import { type Refusal, refuse } from './refusal';
import type { Call } from './call';
import { manually } from './manual';

export interface ExecuteTools extends HandTools {
  readonly mountMode: 'ro' | 'rw';
  /** The target of a URL that a person wrote, or the problems with it. */
  readonly targetOf: (url: string, options: readonly string[], device: Device) => Either<readonly string[], Target>;
}

/** Duplicity on the device in a person's own words. Gives the exit code. */
export async function execute({ words, flags }: Call, tools: ExecuteTools): Promise<number> {
  const [meant = '', text = ''] = words;
  const parsed = parseDuplicityWords(text);
  if (isLeft(parsed)) return refuse({ code: 2, message: `${parsed.left}.` }, tools.terminal);
  const { command, url } = parsed.right;
  const refusal = mountRefusal(command, tools.mountMode);
  if (refusal !== null) return refuse(refusal, tools.terminal);
  return runByHand(
    {
      meant,
      isPatient: flags.has('wait'),
      again: `balena-backup history ${meant}`,
      continues: null,
      actionFor: (device) => {
        const target = tools.targetOf(url, command.options, device);
        if (isLeft(target)) return Promise.resolve(left({ code: 2, message: `The URL: ${target.left.join('; ')}.` }));
        return Promise.resolve(right({ ...manually('execute', device, target.right, tools.now()), command }));
      },
    },
    tools,
  );
}

function mountRefusal(command: DuplicityCommand, mountMode: 'ro' | 'rw'): Refusal | null {
  if (mountMode === 'rw' || !writesVolumes(command)) return null;
  const where = command.folder ?? '/volumes';
  return {
    code: 5,
    message: `A restore into ${where} writes the device's volumes, which are mounted read-only. Set MOUNT_MODE=rw for this command to allow it; mind that the device's services go on running. "balena-backup restore" does it safely.`,
  };
}
