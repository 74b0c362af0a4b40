import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { ActionOf } from '../model/action';
import { describeFailure } from '../model/describe';
import type { Device } from '../model/device';
import type { FailureKind } from '../model/failure';
import type { RestoreOrder } from '../model/restoreorder';
import { askedTime, planRestore } from '../model/restoreplan';
import type { RestoreSource } from '../model/restoresource';
import { planText } from '../model/restoretext';
import type { Survey } from '../model/survey';
import { bareName } from '../model/volumes';
import { type HandTools, runByHand } from './byhand';
import type { Call } from './call';
import { exitCodeOf } from './exitcode';
import { deviceText } from './finddevice';
import { manually } from './manual';
import type { Refusal } from './refusal';
import { parseRestoreCall, type RestoreCall } from './restorecall';

export interface RestoreTools extends HandTools {
  /** BACKUP_ASSUME_YES. */
  readonly assumesYes: boolean;
  /** The device's own backups, or those of the device that `from` names. */
  readonly sourceOf: (device: Device, from: string | null) => Promise<Either<Refusal, RestoreSource>>;
}

/** Failures that say themselves how the volumes are, or cannot know. */
const UNCERTAIN: readonly FailureKind[] = ['restore-failed', 'run-lost', 'defect'];

/** Brings volumes back: shows what would be done, asks, and does it. Gives the exit code. */
export async function restore(call: Call, tools: RestoreTools): Promise<number> {
  const parsed = parseRestoreCall(call, tools.now());
  if (isLeft(parsed)) {
    tools.terminal.complain(parsed.left);
    return 2;
  }
  const wanted = parsed.right;
  const { meant } = wanted;
  return runByHand(
    {
      meant,
      isPatient: wanted.isPatient,
      again: `balena-backup restore ${meant}`,
      continues: 'restore',
      ifFailed: ({ kind }) => (UNCERTAIN.includes(kind) ? '' : ' The volumes of the device are as they were.'),
      actionFor: (device) => actionFor(device, inFleet(wanted, device), tools),
    },
    tools,
  );
}

async function actionFor(
  device: Device,
  wanted: RestoreCall,
  tools: RestoreTools,
): Promise<Either<Refusal, ActionOf<'restore'>>> {
  const source = await tools.sourceOf(device, wanted.from);
  if (isLeft(source)) return source;
  const survey = await surveyed(device, source.right, wanted, tools);
  if (isLeft(survey)) return survey;
  const order = orderOf(wanted, source.right, survey.right, device);
  if (isLeft(order)) return left({ code: 5, message: `Nothing was restored: ${order.left}.` });
  const from = fromText(device, source.right);
  for (const line of planText(order.right, { device: deviceText(device), from, survey: survey.right })) {
    tools.terminal.say(line);
  }
  const consent = await consentTo(wanted, tools);
  if (consent !== null) return left(consent);
  const { target, uuid } = source.right;
  return right({ ...manually('restore', device, target, tools.now()), source: uuid, order: order.right });
}

function fromText(device: Device, { uuid, target }: RestoreSource): string {
  return uuid === device.uuid ? target.shown : `device ${uuid}, ${target.shown}`;
}

/** What a look at the target and the device finds, by a run of its own. */
async function surveyed(
  device: Device,
  source: RestoreSource,
  wanted: RestoreCall,
  tools: RestoreTools,
): Promise<Either<Refusal, Survey>> {
  const { path, at, isUndo } = wanted;
  const member = path === null ? null : [path.volume, ...(path.below === null ? [] : [path.below])].join('/');
  const question = { at: askedTime({ at }), member, asksTarget: !isUndo };
  const { target, uuid } = source;
  const run = await tools.runs.start({ ...manually('survey', device, target, tools.now()), source: uuid, question });
  if (run === null) return left({ code: 4, message: 'The device has got another run in the meantime.' });
  const { outcome } = run;
  if (outcome === null)
    return left({ code: 3, message: 'The link to the device was lost. Nothing was changed there.' });
  if (outcome.kind === 'failed') {
    const message = `Nothing was restored. ${describeFailure(outcome.failure)}.`;
    return left({ code: exitCodeOf(outcome.failure), message });
  }
  if (outcome.effect.kind !== 'surveyed') throw new TypeError('a survey surveys');
  return right(outcome.effect.survey);
}

function orderOf(
  wanted: RestoreCall,
  { volumes, uuid }: RestoreSource,
  survey: Survey,
  device: Device,
): Either<string, RestoreOrder> {
  if (wanted.isUndo) {
    if (survey.undo !== null) return right({ kind: 'undo' });
    return left('there is no undo copy on the device. One is kept by a restore, where there is room for it');
  }
  // Another device's policy is not known: what its backup has is what it backed up.
  const byPolicy = uuid === device.uuid ? volumes : ({ kind: 'all' } as const);
  const { at, path, isInPlace } = wanted;
  return planRestore({ at, path, isInPlace, volumes: wanted.volumes ?? byPolicy }, survey);
}

/** As everywhere, a volume may be named with the number of the device's fleet before its name. */
function inFleet(wanted: RestoreCall, { fleet: { id } }: Device): RestoreCall {
  const { path, volumes } = wanted;
  return {
    ...wanted,
    path: path === null ? null : { ...path, volume: bareName(path.volume, id) },
    volumes:
      volumes?.kind === 'named' ? { ...volumes, names: volumes.names.map((name) => bareName(name, id)) } : volumes,
  };
}

/** Null when it may begin. */
async function consentTo({ isDry, saysYes }: RestoreCall, tools: RestoreTools): Promise<Refusal | null> {
  const { terminal, assumesYes } = tools;
  if (isDry) return { code: 0, message: 'Nothing was changed: this was a dry run.' };
  if (saysYes || assumesYes) return null;
  if (!terminal.canAsk) {
    return { code: 5, message: 'Nothing was changed: there is nobody to ask. With --yes it is done.' };
  }
  const answer = await terminal.ask('Restore now? [y/N] ');
  if (/^y(es)?$/i.test(answer?.trim() ?? '')) return null;
  return { code: 5, message: 'Nothing was changed.' };
}
