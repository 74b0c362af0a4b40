import { shortUuidOf } from '../model/device';
import type { Chore, DeviceAnswer, Seen } from '../model/explanation';
import { instantText } from '../model/shown';
import { countVerdicts, type Verdict } from '../model/verdict';
import { columnsText } from './columns';
import { deviceText } from './finddevice';
import { instantJson } from './output';
import { answerJson, deviceJson, verdictText } from './outlooktext';
import { type OutlookTools, showOutlook } from './showoutlook';

/** A controller that is up goes on by the last answer for as long as that is fresh. */
const UNREAD =
  'A controller that is started now would do nothing, since the fleet cannot be read; one that runs starts runs by what it read in the last 10 minutes.';

type Fleet = Extract<Seen, { readonly kind: 'fleet' }>;

/** Tells what a pass would do now, and why. Gives the exit code. */
export function plan(tools: OutlookTools): Promise<number> {
  return showOutlook(tools, {
    lines: ({ seen }, columns) => planLines(seen, columns),
    json: ({ seen }) => planJson(seen),
  });
}

function planJson(seen: Seen): Readonly<Record<string, unknown>> {
  if (seen.kind === 'ledger') return { counts: countVerdicts([]), devices: [], chores: [], wakeAt: null };
  return {
    counts: countVerdicts(verdictsOf(seen.answers)),
    devices: seen.answers.map(answerJson),
    chores: seen.chores.map(choreJson),
    wakeAt: instantJson(seen.wakeAt),
  };
}

function choreJson(chore: Chore): Readonly<Record<string, unknown>> {
  if (chore.kind === 'skip') {
    return {
      does: 'skip',
      ...deviceJson(chore.device),
      runId: null,
      slot: chore.slot,
      missed: chore.missed,
    };
  }
  const { runId, device, deviceName } = chore.run;
  return { does: chore.kind, ...deviceJson({ uuid: device, name: deviceName }), runId, slot: null, missed: null };
}

function planLines(seen: Seen, columns: number | null): readonly string[] {
  if (seen.kind === 'ledger') return [UNREAD];
  return [summaryText(seen), ...tableOf(seen, columns), ...seen.chores.map(choreText), ...wakeText(seen)];
}

function tableOf({ answers }: Fleet, columns: number | null): readonly string[] {
  if (answers.length === 0) return [];
  const rows = answers.map(({ device, verdict, words }) => [deviceText(device), verdictText(verdict), words]);
  return columnsText(['DEVICE', 'VERDICT', 'WHY'], rows, columns);
}

function summaryText({ answers }: Fleet): string {
  if (answers.length === 0) return 'No device is enabled: set the tag backupEnabled to true on a device or on a fleet.';
  const { devices, due, held, notDue, rejected, notEnabled } = countVerdicts(verdictsOf(answers));
  return `${String(devices)} ${devices === 1 ? 'device' : 'devices'}: ${String(due)} due, ${String(held)} held, ${String(notDue)} not due, ${String(rejected)} rejected, ${String(notEnabled)} not enabled`;
}

function choreText(chore: Chore): string {
  switch (chore.kind) {
    case 'adopt':
      return `Would take up the run ${chore.run.runId} of ${shortUuidOf(chore.run.device)}, which nobody looks after.`;
    case 'lose':
      return `Would give up the run ${chore.run.runId} of ${shortUuidOf(chore.run.device)}: its device has stayed away for longer than it can last.`;
    case 'skip':
      return `Would let the slot ${chore.slot} of ${deviceText(chore.device)} go: it is past its starting deadline.`;
  }
}

function wakeText({ wakeAt }: Fleet): readonly string[] {
  return wakeAt === null ? [] : [`The next answer changes by itself at ${instantText(wakeAt)}.`];
}

function verdictsOf(answers: readonly DeviceAnswer[]): readonly Verdict[] {
  return answers.map(({ verdict }) => verdict);
}
