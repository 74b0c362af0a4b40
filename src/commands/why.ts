import { type Either, isLeft } from 'fp-ts/Either';
import { describeOrigin } from '../model/describe';
import { escapeControls, escapedJson } from '../model/escape';
import type { Explanation, Outlook, Step } from '../model/explanation';
import type { KnownDevice } from '../model/ports';
import type { RunRecord } from '../model/run';
import { durationText, instantText, localText } from '../model/shown';
import { slotText } from '../model/slot';
import { columnsText } from './columns';
import { instantJson, type Output } from './output';
import { answerJson, deviceJson, noticesJson, noticesOf, verdictText } from './outlooktext';
import type { Refusal } from './refusal';
import { outcomeText, runJson, stateOf } from './runtext';
import type { Terminal } from './terminal';

/** What `why` needs: the outlook of one device, and its latest runs. */
export interface WhyTools {
  readonly outlook: () => Promise<Either<Refusal, Outlook>>;
  readonly runsOf: (device: KnownDevice['uuid'], limit: number) => readonly RunRecord[];
  readonly output: Output;
  readonly terminal: Pick<Terminal, 'say' | 'complain' | 'columns'>;
}

const SHOWN_RUNS = 5;

/** Tells every step to the answer for one device. Gives the exit code. */
export async function why({ outlook, runsOf, output, terminal }: WhyTools): Promise<number> {
  const looked = await outlook();
  if (isLeft(looked)) {
    terminal.complain(looked.left.message);
    return looked.left.code;
  }
  const { seen } = looked.right;
  const [answer] = seen.kind === 'fleet' ? seen.answers : [];
  const explained = seen.kind === 'fleet' && answer !== undefined ? seen.explain(answer) : null;
  const known = seen.kind === 'ledger' ? (seen.devices[0] ?? null) : null;
  const uuid = explained?.device.uuid ?? known?.uuid;
  const runs = uuid === undefined ? [] : runsOf(uuid, SHOWN_RUNS);
  if (output === 'json') {
    const about = explained === null ? knownJson(known) : explanationJson(explained);
    terminal.say(escapedJson({ ...noticesJson(looked.right), ...about, runs: runs.map(runJson) }));
    return 0;
  }
  const lines = explained === null ? knownLines(known) : explanationLines(explained, terminal.columns);
  for (const line of [...lines, ...runsLines(runs, terminal.columns)]) terminal.say(line);
  for (const notice of noticesOf(looked.right)) terminal.complain(notice);
  return 0;
}

function explanationJson(explained: Explanation): Readonly<Record<string, unknown>> {
  const { policy, steps, timezone, nextSlots, advice } = explained;
  return {
    device: answerJson(explained),
    policy: policy.map(({ field, value, origin }) => ({ field, value, origin: describeOrigin(origin) })),
    steps: steps.map(({ guard, question, isYes, because }) => ({ guard, question, passed: isYes, because })),
    timezone,
    nextSlots: nextSlots.map(instantJson),
    advice,
  };
}

function knownJson(known: KnownDevice | null): Readonly<Record<string, unknown>> {
  return {
    device: known === null ? null : { ...deviceJson(known), enabled: known.isEnabled },
    policy: [],
    steps: [],
    timezone: null,
    nextSlots: [],
    advice: null,
  };
}

function explanationLines(explained: Explanation, columns: number | null): readonly string[] {
  const { device, verdict, words, advice } = explained;
  const link = device.connected ? 'connected' : 'not connected';
  return [
    `${escapeControls(device.name)}, ${device.uuid}, of fleet ${device.fleet.slug}, ${link}`,
    `${verdictText(verdict)}: ${escapeControls(words)}`,
    `What to do: ${escapeControls(advice)}`,
    ...policyLines(explained, columns),
    '',
    'How the decision is made (the first no decides):',
    ...explained.steps.map(stepText),
    ...slotLines(explained),
  ];
}

function policyLines({ policy }: Explanation, columns: number | null): readonly string[] {
  if (policy.length === 0) return [];
  const rows = policy.map(({ field, value, origin }) => [field, value, describeOrigin(origin)]);
  return ['', ...columnsText(['POLICY', 'VALUE', 'FROM'], rows, columns)];
}

function stepText({ question, isYes, because }: Step): string {
  return `  ${question} ${isYes ? 'Yes' : 'No'}: ${escapeControls(because)}`;
}

function slotLines({ nextSlots, timezone }: Explanation): readonly string[] {
  if (nextSlots.length === 0 || timezone === null) return [];
  return [
    '',
    `Next slots, in ${timezone} and in UTC:`,
    ...nextSlots.map((at) => `  ${localText(at, timezone)}  ${instantText(at)}`),
  ];
}

/** What can be said of a device without the API. */
function knownLines(known: KnownDevice | null): readonly string[] {
  if (known === null) return [];
  const { facts } = known;
  const failed = facts === null || facts.failures === 0 ? [] : [`Its last ${String(facts.failures)} runs failed.`];
  const retry = facts?.retryAt == null ? [] : [`It is not tried again before ${instantText(facts.retryAt)}.`];
  return [
    `${escapeControls(known.name)}, ${known.uuid}`,
    `The last pass that saw it found it ${known.isEnabled ? 'enabled' : 'not enabled'}.`,
    ...failed,
    ...retry,
  ];
}

function runsLines(runs: readonly RunRecord[], columns: number | null): readonly string[] {
  if (runs.length === 0) return ['', 'It has no runs yet.'];
  const rows = runs.map((run) => [
    instantText(run.startedAt),
    slotText(run.slot),
    stateOf(run),
    run.endedAt === null ? '' : durationText(run.endedAt - run.startedAt),
    outcomeText(run),
  ]);
  return ['', ...columnsText(['RUN BEGAN', 'FOR', 'STATE', 'TOOK', 'WHAT CAME OF IT'], rows, columns)];
}
