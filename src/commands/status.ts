import { type Either, isLeft } from 'fp-ts/Either';
import type { Instant } from '../model/brand';
import { describeFailure } from '../model/describe';
import { escapedJson } from '../model/escape';
import type { DeviceAnswer, Outlook } from '../model/explanation';
import type { KnownDevice } from '../model/ports';
import type { DeviceFacts } from '../model/run';
import { nextSlot } from '../model/schedule';
import { durationText } from '../model/shown';
import { columnsText } from './columns';
import { deviceText } from './finddevice';
import { instantJson, type Output } from './output';
import { deviceJson, noticesJson, noticesOf } from './outlooktext';
import type { Refusal } from './refusal';
import { runJson } from './runtext';
import type { Terminal } from './terminal';

/** What `status` needs. */
export interface StatusTools {
  readonly outlook: () => Promise<Either<Refusal, Outlook>>;
  readonly output: Output;
  readonly terminal: Pick<Terminal, 'say' | 'complain' | 'columns'>;
}

/**
 * How a device stands: `running`; `failing`: its last run failed; `due` or `held`: a slot waits; `ok`: its last run
 * succeeded and nothing waits; `new`: it has never run and nothing waits; `rejected`, `not-enabled`: as its tags say;
 * `enabled`: nothing more is known without the API.
 */
type State = 'running' | 'failing' | 'due' | 'held' | 'ok' | 'new' | 'rejected' | 'not-enabled' | 'enabled';

interface Standing {
  readonly device: Pick<KnownDevice, 'uuid' | 'name'>;
  readonly fleet: string | null;
  readonly state: State;
  readonly facts: DeviceFacts | null;
  readonly nextSlot: Instant | null;
  readonly words: string;
}

/** Tells of each device its last success, its next slot and its state. Gives the exit code. */
export async function status({ outlook, output, terminal }: StatusTools): Promise<number> {
  const looked = await outlook();
  if (isLeft(looked)) {
    terminal.complain(looked.left.message);
    return looked.left.code;
  }
  const { at } = looked.right;
  const standings = standingsOf(looked.right);
  if (output === 'json') {
    terminal.say(escapedJson({ ...noticesJson(looked.right), devices: standings.map(standingJson) }));
    return 0;
  }
  for (const line of tableOf(standings, at, terminal.columns)) terminal.say(line);
  for (const notice of noticesOf(looked.right)) terminal.complain(notice);
  return 0;
}

function standingsOf({ seen, at }: Outlook): readonly Standing[] {
  return seen.kind === 'fleet'
    ? seen.answers.map(standingOfAnswer).toSorted(byName)
    : seen.devices.map((known) => standingOfKnown(known, at)).toSorted(byName);
}

function standingOfAnswer({ device, verdict, facts, nextSlot: next, words }: DeviceAnswer): Standing {
  const { kind } = verdict;
  const state =
    kind === 'rejected' || kind === 'not-enabled'
      ? kind
      : (stateOf(facts) ?? (kind === 'not-due' ? restOf(facts) : kind));
  return { device, fleet: device.fleet.slug, state, facts, nextSlot: next, words: withFailure(state, facts, words) };
}

/** Of what the tags say now nothing is known: the schedule is the one that the last pass saw. */
function standingOfKnown(known: KnownDevice, now: Instant): Standing {
  const { facts, isEnabled } = known;
  const state = isEnabled ? (stateOf(facts) ?? 'enabled') : 'not-enabled';
  const next = facts === null || !isEnabled ? null : nextSlotBy(facts.scheduleKey, now);
  return { device: known, fleet: null, state, facts, nextSlot: next, words: withFailure(state, facts, '') };
}

function nextSlotBy(scheduleKey: string, now: Instant): Instant | null {
  const at = scheduleKey.lastIndexOf(' ');
  const [pattern, timezone] = [scheduleKey.slice(0, at), scheduleKey.slice(at + 1)];
  return at < 0 ? null : nextSlot({ text: pattern, pattern, timezone }, now);
}

/** What its runs say, before its tags are asked. */
function stateOf(facts: DeviceFacts | null): 'running' | 'failing' | null {
  if (facts?.active != null) return 'running';
  return facts !== null && facts.failures > 0 ? 'failing' : null;
}

function restOf(facts: DeviceFacts | null): 'ok' | 'new' {
  return facts?.lastSuccess == null ? 'new' : 'ok';
}

function withFailure(state: State, facts: DeviceFacts | null, words: string): string {
  const last = facts?.last?.outcome;
  if (state === 'running') return `${facts?.active?.phase ?? ''}`;
  if (state !== 'failing' || last?.kind !== 'failed') return words;
  const times = (facts?.failures ?? 1) > 1 ? `${String(facts?.failures)} failures in a row: ` : '';
  return `${times}${describeFailure(last.failure)}`;
}

function standingJson({
  device,
  fleet,
  state,
  facts,
  nextSlot: next,
  words,
}: Standing): Readonly<Record<string, unknown>> {
  const { lastSuccess = null, last = null, active = null } = facts ?? {};
  return {
    ...deviceJson(device),
    fleet,
    state,
    lastSuccessAt: instantJson(lastSuccess?.outcome?.kind === 'succeeded' ? lastSuccess.outcome.snapshotAt : null),
    nextSlot: instantJson(next),
    failures: facts?.failures ?? 0,
    retryAt: instantJson(facts?.retryAt ?? null),
    lastRun: last === null ? null : runJson(last),
    activeRun: active === null ? null : runJson(active),
    words,
  };
}

function tableOf(standings: readonly Standing[], now: Instant, columns: number | null): readonly string[] {
  if (standings.length === 0)
    return ['No device is enabled: set the tag backupEnabled to true on a device or on a fleet.'];
  const rows = standings.map(({ device, state, facts, nextSlot: next, words }) => [
    deviceText(device),
    state,
    agoText(facts?.lastSuccess?.endedAt ?? null, now),
    next === null ? '' : `in ${durationText(next - now)}`,
    words,
  ]);
  return columnsText(['DEVICE', 'STATE', 'LAST SUCCESS', 'NEXT SLOT', ''], rows, columns);
}

function agoText(at: Instant | null, now: Instant): string {
  return at === null ? 'never' : `${durationText(Math.max(0, now - at))} ago`;
}

function byName(a: Standing, b: Standing): number {
  return compare(a.device.name, b.device.name) || compare(a.device.uuid, b.device.uuid);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
