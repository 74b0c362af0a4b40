import { type Either, isLeft, right } from 'fp-ts/Either';
import { describeFailure } from '../model/describe';
import type { Device } from '../model/device';
import type { DuplicityCommand } from '../model/duplicitycommand';
import { parseToldSet } from '../model/duplicityoutput';
import type { Failure } from '../model/failure';
import type { Policy, Target } from '../model/policy';
import { prefixesOf, type SnapshotSet, snapshotSetsOf, type StoredFile } from '../model/sets';
import { bytesText, instantText } from '../model/shown';
import { type HandTools, runByHand } from './byhand';
import type { Call } from './call';
import { columnsText } from './columns';
import { exitCodeOf } from './exitcode';
import { chooseDevice } from './finddevice';
import { manually } from './manual';
import { type Refusal, refuse } from './refusal';

export interface LookTools extends HandTools {
  readonly policyOf: (device: Device) => Promise<Either<Refusal, Policy>>;
  /** Lines of Duplicity's output, as they come. */
  readonly onOutput: (take: (line: string) => void) => void;
}

export interface SnapshotsTools extends LookTools {
  /** The files of the device's directory, where the target is at the collector; null where it is not. */
  readonly filesAt: (target: Target, device: Device) => Promise<Either<Failure, readonly StoredFile[]> | null>;
}

/** A snapshot as the table shows it; bytes are not known everywhere. */
type Shown = Omit<SnapshotSet, 'bytes' | 'since'> & { readonly bytes: number | null };

/** Which snapshots there are of a device, and whether they are whole. Gives the exit code. */
export async function snapshots(call: Call, tools: SnapshotsTools): Promise<number> {
  const [meant = ''] = call.words;
  const found = await tools.find(meant);
  if (isLeft(found)) return refuse({ code: 1, message: `${describeFailure(found.left)}.` }, tools.terminal);
  const device = chooseDevice(meant, found.right);
  if (isLeft(device)) return refuse({ code: 2, message: device.left }, tools.terminal);
  const policy = await tools.policyOf(device.right);
  if (isLeft(policy)) return refuse(policy.left, tools.terminal);
  const target = policy.right.target.value;
  const files = await tools.filesAt(target, device.right);
  if (files === null) return askDevice(call, target, tools);
  if (isLeft(files)) {
    return refuse({ code: exitCodeOf(files.left), message: `${describeFailure(files.left)}.` }, tools.terminal);
  }
  show(snapshotSetsOf(files.right, prefixesOf(target)), target, call, tools);
  return 0;
}

/** Elsewhere only the device can look: Duplicity there has what the target needs. */
async function askDevice(call: Call, target: Target, tools: SnapshotsTools): Promise<number> {
  const [meant = ''] = call.words;
  const sets: Shown[] = [];
  tools.onOutput((line) => {
    const set = parseToldSet(line);
    if (set !== null) sets.push({ ...set, bytes: null, flaw: null });
  });
  const command: DuplicityCommand = { word: 'collection-status', folder: null, amount: null, options: target.options };
  const code = await runByHand(
    {
      meant,
      isPatient: call.flags.has('wait'),
      again: `balena-backup snapshots ${meant}`,
      continues: null,
      isQuiet: true,
      actionFor: (device) => Promise.resolve(right({ ...manually('execute', device, target, tools.now()), command })),
    },
    tools,
  );
  if (code === 0) show(sets, target, call, tools);
  return code;
}

function show(sets: readonly Shown[], target: Target, call: Call, { terminal }: HandTools): void {
  if (call.output === 'json') {
    const rows = sets.map(({ mode, at, volumes, bytes, flaw }) => ({
      time: instantText(at),
      mode,
      volumes,
      bytes,
      complete: flaw === null,
      flaw,
    }));
    terminal.say(JSON.stringify({ snapshots: rows }));
    return;
  }
  if (sets.length === 0) {
    terminal.complain(`There is no snapshot at ${target.shown}.`);
    return;
  }
  const rows = sets.map(({ mode, at, volumes, bytes, flaw }) => [
    instantText(at),
    mode,
    String(volumes),
    bytes === null ? '' : bytesText(bytes),
    flaw ?? 'complete',
  ]);
  for (const line of columnsText(['TIME', 'KIND', 'VOLUMES', 'SIZE', 'STATE'], rows, terminal.columns)) {
    terminal.say(line);
  }
}
