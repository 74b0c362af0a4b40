import { isLeft } from 'fp-ts/Either';
import { describeProblem } from '../model/describe';
import { type Device, shortUuidOf, type Tags } from '../model/device';
import { escapeControls } from '../model/escape';
import { bad, type Check, type Finding, ok, warn } from '../model/finding';
import type { DesiredDevice, PolicyProblem } from '../model/policy';
import { quoted } from '../model/quote';
import { count } from '../model/shown';
import { tagMistakes } from '../model/tagmistakes';
import type { Survey } from './account';

export interface TagsTools {
  readonly survey: Survey;
  readonly surveyMs: number;
  readonly resolve: (devices: readonly Device[]) => readonly DesiredDevice[];
}

const LISTED = 10;
const NAMED = 3;

/** Tags that look like ours and are not, and those that are and cannot be read; what comes of them. */
export function tagsCheck({ survey, surveyMs, resolve }: TagsTools): Check {
  return {
    what: 'tags',
    limitMs: surveyMs,
    examine: async () => {
      const fleet = await survey();
      // The check of the API says why.
      if (isLeft(fleet)) return [warn('they cannot be read', 'See what is said about the API.')];
      const { devices } = fleet.right;
      const desired = resolve(devices);
      const wrong = [...mistakesOf(devices), ...desired.flatMap(problemsOf)];
      const shown = wrong.slice(0, LISTED);
      const more = wrong.length - shown.length;
      const rest =
        more > 0 ? [bad(`and ${count(more, 'more such finding')}`, 'Correct those above and ask again.')] : [];
      return [...shown, ...rest, enabledIn(desired)];
    },
  };
}

function enabledIn(desired: readonly DesiredDevice[]): Finding {
  const enabled = desired.filter(({ desire }) => desire.kind === 'enabled').length;
  if (enabled > 0) return ok(`${count(enabled, 'device')} will be backed up as the tags say`);
  return warn('no device will be backed up', 'Set the tag backupEnabled to true on a device, or on a fleet.');
}

/** One finding for each misspelling, whoever has it. */
function mistakesOf(devices: readonly Device[]): readonly Finding[] {
  const found = new Map<string, { readonly finding: (who: string) => Finding; readonly holders: string[] }>();
  for (const { name, tags } of holdersOf(devices)) {
    for (const { tag, meant, isCertain } of tagMistakes(tags)) {
      const state = isCertain ? 'bad' : 'warn';
      const finding = (who: string): Finding => ({
        state,
        why: `the tag ${quoted(tag)} of ${who} is not read${isCertain ? '' : `, and looks like ${meant}`}`,
        fix: `Name it ${meant}${isCertain ? '' : ' if that is meant'}.`,
      });
      const known = found.get(tag) ?? { finding, holders: [] };
      known.holders.push(name);
      found.set(tag, known);
    }
  }
  return [...found.values()].map(({ finding, holders }) => finding(namesOf(holders)));
}

interface Holder {
  readonly name: string;
  readonly tags: Tags;
}

function holdersOf(devices: readonly Device[]): readonly Holder[] {
  const fleets = new Map(devices.map(({ fleet }) => [fleet.id, fleet]));
  return [
    ...[...fleets.values()].map(({ slug, tags }) => ({ name: `fleet ${slug}`, tags })),
    ...devices.map((device) => ({ name: `device ${nameOf(device)}`, tags: device.tags })),
  ];
}

function namesOf(holders: readonly string[]): string {
  const named = holders.slice(0, NAMED).join(', ');
  return holders.length > NAMED ? `${named} and ${String(holders.length - NAMED)} more` : named;
}

function problemsOf({ device, desire }: DesiredDevice): readonly Finding[] {
  switch (desire.kind) {
    case 'enabled':
      return [];
    case 'not-enabled':
      return desire.problem === null ? [] : [notEnabled(device, desire.problem)];
    case 'rejected':
      return [problem(device, desire.problems)];
  }
}

/** On the orchestrator's own device a tag that can be read is not enough, on purpose. */
function notEnabled(device: Device, found: PolicyProblem): Finding {
  const finding = problem(device, [found]);
  const isRead = (device.tags.get('backupEnabled') ?? device.fleet.tags.get('backupEnabled')) === 'true';
  return isRead ? { ...finding, state: 'warn' } : finding;
}

function problem(device: Device, problems: readonly PolicyProblem[]): Finding {
  const words = problems.map(describeProblem).join('; ');
  const fix = `Correct it; "balena-backup why ${device.uuid}" tells more.`;
  return bad(`device ${nameOf(device)} is not backed up: ${words}`, fix);
}

function nameOf({ uuid, name }: Device): string {
  return `${shortUuidOf(uuid)} (${escapeControls(name)})`;
}
