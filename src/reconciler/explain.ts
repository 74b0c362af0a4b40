import type { ActionOf } from '../model/action';
import { assertNever } from '../model/assertnever';
import type { Instant } from '../model/brand';
import { describeHold, describeProblem } from '../model/describe';
import type { Chore, DeviceAnswer, Explanation, Step } from '../model/explanation';
import { policyFor } from '../model/folded';
import { compareTexts } from '../model/order';
import type { DesiredDevice, Schedule } from '../model/policy';
import { policyLines } from '../model/policytext';
import { instantText } from '../model/shown';
import type { DeviceFacts } from '../model/run';
import { slotText } from '../model/slot';
import type { GuardName, HoldReason, Verdict } from '../model/verdict';
import { adviceFor } from './advice';
import { notEnabledText } from './notenabled';
import { inFlightOf } from './decide';
import type { Look } from './look';
import { BECAUSE, QUESTIONS, slotWords } from './stepwords';
import { GUARDS, questionOf } from './verdict';

type Decided = Pick<Look, 'input' | 'decision'>;

const SHOWN_SLOTS = 5;

/** The answers for all devices: those that start first, in that order, then the others by name. */
export function answersOf({ input, decision }: Decided): readonly DeviceAnswer[] {
  const order = new Map(decision.actions.map(({ device }, index) => [device.uuid, index]));
  const rank = ({ device }: DesiredDevice): number => order.get(device.uuid) ?? order.size;
  const sorted = input.desired.toSorted(
    (a, b) =>
      rank(a) - rank(b) || compareTexts(a.device.name, b.device.name) || compareTexts(a.device.uuid, b.device.uuid),
  );
  const verdicts = new Map(input.desired.map((desired, n) => [desired, decision.verdicts[n]]));
  return sorted.map((desired) => answerOf(desired, verdicts.get(desired), input));
}

/** Every step to the answer for one device, from the very guards that decided. */
export function explanationOf(desired: DesiredDevice, decided: Decided): Explanation {
  const { input, decision } = decided;
  const answer = answerOf(desired, decision.verdicts[input.desired.indexOf(desired)], input);
  const { desire } = desired;
  const schedule = desire.kind === 'enabled' ? desire.policy.schedule.value : null;
  return {
    ...answer,
    policy: desire.kind === 'enabled' ? policyLines(policyFor(desired.device, desire.policy)) : [],
    steps: stepsOf(desired, answer.verdict, decided),
    timezone: schedule?.timezone ?? null,
    nextSlots: schedule === null ? [] : slotsAhead(schedule, decided.input),
    advice: adviceFor(desired, answer),
  };
}

function slotsAhead(schedule: Schedule, { slots, now }: Decided['input']): readonly Instant[] {
  const ahead: Instant[] = [];
  let next = slots.next(schedule, now);
  while (next !== null && ahead.length < SHOWN_SLOTS) {
    ahead.push(next);
    next = slots.next(schedule, next);
  }
  return ahead;
}

/** What a pass would do beside starting runs. */
export function choresOf({ decision: { skips }, adoption }: Look): readonly Chore[] {
  return [
    ...adoption.lost.map((run): Chore => ({ kind: 'lose', run })),
    ...adoption.adopt.map(({ run }): Chore => ({ kind: 'adopt', run })),
    ...skips.map(({ device, slot, missed }): Chore => ({ kind: 'skip', device, slot: slotText(slot), missed })),
  ];
}

function answerOf(desired: DesiredDevice, given: Verdict | undefined, input: Look['input']): DeviceAnswer {
  const { device, desire } = desired;
  const verdict = given ?? { kind: 'not-enabled' };
  const nextSlot = desire.kind === 'enabled' ? input.slots.next(desire.policy.schedule.value, input.now) : null;
  const facts = input.facts.get(device.uuid) ?? null;
  return { device, verdict, words: wordsOf(verdict, desired, facts, input.now), facts, nextSlot };
}

/** A verdict in a sentence. */
function wordsOf(verdict: Verdict, desired: DesiredDevice, facts: DeviceFacts | null, now: Instant): string {
  switch (verdict.kind) {
    case 'due':
      return dueText(verdict.action);
    case 'not-due':
      return restText(verdict.nextSlot, facts);
    case 'held':
      return heldText(verdict.reason, verdict.until, now);
    case 'not-enabled':
      return notEnabledText(desired);
    case 'rejected':
      return verdict.problems.map(describeProblem).join('; ');
    default:
      return assertNever(verdict);
  }
}

function dueText({ slot, mode, attempt }: ActionOf<'backup'>): string {
  const what = mode === 'full' ? 'a full backup' : 'a backup';
  return `starts ${what} for ${slotWords(slot)}${attempt === 1 ? '' : ` (attempt ${String(attempt)})`}`;
}

function heldText(reason: HoldReason, until: Instant | null, now: Instant): string {
  return `${describeHold(reason)}${until === null || until <= now ? '' : `; until ${instantText(until)}`}`;
}

function restText(nextSlot: Instant | null, facts: DeviceFacts | null): string {
  const failed = facts !== null && facts.failures > 0 ? 'its last run failed; ' : '';
  const next =
    nextSlot === null ? 'its schedule has no slot ahead' : `waits for its next slot, ${instantText(nextSlot)}`;
  return `${failed}${next}`;
}

/** Every guard's answer: the first that is not yes is the verdict's, the later ones say what would still be in the way. */
function stepsOf(desired: DesiredDevice, verdict: Verdict, { input }: Decided): readonly Step[] {
  const { desire } = desired;
  if (desire.kind === 'not-enabled') return [stepOf('not-enabled', false, notEnabledText(desired))];
  const enabled = stepOf('not-enabled', true, 'backupEnabled is true');
  if (desire.kind === 'rejected') {
    return [enabled, stepOf('policy-problems', false, desire.problems.map(describeProblem).join('; '))];
  }
  const question = questionOf(desired, desire.policy, input);
  const own = GUARDS.map(({ name, ask }) => stepOf(name, ask(question) === null, BECAUSE[name](question)));
  const hasRoom = inFlightOf(input) < input.limits.maxConcurrentRuns;
  const steps = [
    enabled,
    stepOf('policy-problems', true, 'every field of it is valid'),
    ...own,
    stepOf('at-limit', hasRoom, BECAUSE['at-limit'](question)),
  ];
  const isOwn = own.some(({ isYes }) => !isYes) || verdict.kind !== 'held';
  return isOwn ? steps : steps.map((step) => (step.guard === verdict.reason ? othersFirst(step) : step));
}

/** Alone it would start, but the fleet-wide order gives what there is to others. */
function othersFirst(step: Step): Step {
  return { ...step, isYes: false, because: `${step.because}; other devices go first` };
}

function stepOf(guard: GuardName, isYes: boolean, because: string): Step {
  return { guard, question: QUESTIONS[guard], isYes, because };
}
