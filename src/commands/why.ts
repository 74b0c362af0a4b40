import { describeFailure, describeOrigin } from '../model/describe';
import { escapeControls } from '../model/escape';
import type { Explanation, Seen, Step } from '../model/explanation';
import type { KnownDevice } from '../model/ports';
import type { DeviceFacts, RunRecord } from '../model/run';
import { instantText, localText } from '../model/shown';
import { slotText } from '../model/slot';
import { columnsText } from './columns';
import { instantJson } from './output';
import { answerJson, deviceJson, verdictText } from './outlooktext';
import { outcomeText, runJson, stateOf, tookText } from './runtext';
import { type OutlookTools, showOutlook } from './showoutlook';

/** What `why` needs: the outlook of one device, and its latest runs. */
export interface WhyTools extends OutlookTools {
  readonly runsOf: (device: KnownDevice['uuid'], limit: number) => readonly RunRecord[];
}

const SHOWN_RUNS = 5;

/** Tells every step to the answer for one device. Gives the exit code. */
export function why(tools: WhyTools): Promise<number> {
  const runsOf = (about: About): readonly RunRecord[] => tools.runsOf(uuidOf(about), SHOWN_RUNS);
  return showOutlook(tools, {
    lines: ({ seen }, columns) =>
      aboutOf(seen).flatMap((about) => [...aboutLines(about, columns), ...runsLines(runsOf(about), columns)]),
    json: ({ seen }) => {
      const [about] = aboutOf(seen);
      return about === undefined ? {} : { ...aboutJson(about), runs: runsOf(about).map(runJson) };
    },
  });
}

/** The device as a pass would see it, or as the ledger remembers it. */
type About = { readonly explained: Explanation } | { readonly known: KnownDevice };

function aboutOf(seen: Seen): readonly About[] {
  if (seen.kind === 'ledger') return seen.devices.slice(0, 1).map((known) => ({ known }));
  return seen.answers.slice(0, 1).map((answer) => ({ explained: seen.explain(answer) }));
}

function uuidOf(about: About): KnownDevice['uuid'] {
  return 'known' in about ? about.known.uuid : about.explained.device.uuid;
}

function aboutJson(about: About): Readonly<Record<string, unknown>> {
  return 'known' in about ? knownJson(about.known) : explanationJson(about.explained);
}

function aboutLines(about: About, columns: number | null): readonly string[] {
  return 'known' in about ? knownLines(about.known) : explanationLines(about.explained, columns);
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

function knownJson(known: KnownDevice): Readonly<Record<string, unknown>> {
  return {
    device: { ...deviceJson(known), enabled: known.isEnabled },
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
  if (timezone === 'UTC') return ['', 'Next slots:', ...nextSlots.map((at) => `  ${instantText(at)}`)];
  return [
    '',
    `Next slots, in ${timezone} and in UTC:`,
    ...nextSlots.map((at) => `  ${localText(at, timezone)}  ${instantText(at)}`),
  ];
}

/** What can be said of a device without the API. */
function knownLines(known: KnownDevice): readonly string[] {
  const { facts } = known;
  const failed = facts === null || facts.failures === 0 ? [] : [failedText(facts)];
  const retry = facts?.retryAt == null ? [] : [`It is not tried again before ${instantText(facts.retryAt)}.`];
  return [
    `${escapeControls(known.name)}, ${known.uuid}`,
    `The last pass that saw it found it ${known.isEnabled ? 'enabled' : 'not enabled'}.`,
    ...failed,
    ...retry,
  ];
}

function failedText({ failures, last }: DeviceFacts): string {
  const row = failures === 1 ? 'Its last run failed' : `Its last ${String(failures)} runs failed`;
  return `${row}${last?.failure == null ? '' : `: ${escapeControls(describeFailure(last.failure))}`}.`;
}

function runsLines(runs: readonly RunRecord[], columns: number | null): readonly string[] {
  if (runs.length === 0) return ['', 'It has no runs yet.'];
  const rows = runs.map((run) => [
    instantText(run.startedAt),
    slotText(run.slot),
    stateOf(run),
    tookText(run),
    outcomeText(run),
  ]);
  return ['', ...columnsText(['RUN BEGAN', 'FOR', 'STATE', 'TOOK', 'WHAT CAME OF IT'], rows, columns)];
}
