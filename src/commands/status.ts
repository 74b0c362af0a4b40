import type { DeviceUuid, Instant } from '../model/brand';
import { describeFailure } from '../model/describe';
import type { DeviceAnswer, Outlook, Seen } from '../model/explanation';
import { compareTexts } from '../model/order';
import type { KnownDevice } from '../model/ports';
import type { DeviceFacts, RunRecord } from '../model/run';
import { nextSlot } from '../model/schedule';
import { durationText } from '../model/shown';
import type { Verdict } from '../model/verdict';
import { columnsText } from './columns';
import { deviceText } from './finddevice';
import { instantJson } from './output';
import { deviceJson } from './outlooktext';
import { runJson } from './runtext';
import { type OutlookTools, showOutlook } from './showoutlook';

/**
 * How a device stands: `running`; `failing`: its last run failed; `due` or `held`: a slot waits; `ok`: its last run
 * succeeded and nothing waits; `new`: it has never run and nothing waits; `rejected`, `not-enabled`: as its tags say;
 * `enabled`: nothing more is known without the API.
 */
type State = 'running' | 'failing' | 'due' | 'held' | 'ok' | 'new' | 'rejected' | 'not-enabled' | 'enabled';

export interface StatusTools extends OutlookTools {
  /** The latest backup of each device that has ended. */
  readonly lastRuns: () => ReadonlyMap<DeviceUuid, RunRecord>;
}

interface Standing {
  readonly device: Pick<KnownDevice, 'uuid' | 'name'>;
  readonly fleet: string | null;
  readonly state: State;
  readonly facts: DeviceFacts | null;
  readonly nextSlot: Instant | null;
  readonly words: string;
}

/** Tells of each device its last success, its next slot and its state. Gives the exit code. */
export function status(tools: StatusTools): Promise<number> {
  return showOutlook(tools, {
    lines: (outlook, columns) => {
      const standings = standingsOf(outlook);
      return standings.length === 0 ? [NONE[outlook.seen.kind]] : tableOf(standings, outlook.at, columns);
    },
    json: (outlook) => {
      const lastRuns = tools.lastRuns();
      return {
        devices: standingsOf(outlook).map((each) => standingJson(each, lastRuns.get(each.device.uuid) ?? null)),
      };
    },
  });
}

const NONE: Readonly<Record<Seen['kind'], string>> = {
  fleet: 'No device is enabled: set the tag backupEnabled to true on a device or on a fleet.',
  ledger: 'The ledger knows no device.',
};

function standingsOf({ seen, at }: Outlook): readonly Standing[] {
  return seen.kind === 'fleet'
    ? seen.answers.map(standingOfAnswer).toSorted(byName)
    : seen.devices.map((known) => standingOfKnown(known, at)).toSorted(byName);
}

function standingOfAnswer({ device, verdict, facts, nextSlot: next, words }: DeviceAnswer): Standing {
  const state = stateOfAnswer(verdict.kind, facts);
  return { device, fleet: device.fleet.slug, state, facts, nextSlot: next, words: runWords(state, facts) ?? words };
}

function stateOfAnswer(verdict: Verdict['kind'], facts: DeviceFacts | null): State {
  if (verdict === 'rejected' || verdict === 'not-enabled') return verdict;
  return stateOf(facts) ?? (verdict === 'not-due' ? restOf(facts) : verdict);
}

/** Of what the tags say now nothing is known: the schedule is the one that the last pass saw. */
function standingOfKnown(known: KnownDevice, now: Instant): Standing {
  const { facts, isEnabled } = known;
  const state = isEnabled ? (stateOf(facts) ?? 'enabled') : 'not-enabled';
  const next = facts === null || !isEnabled ? null : nextSlotBy(facts.scheduleKey, now);
  return { device: known, fleet: null, state, facts, nextSlot: next, words: runWords(state, facts) ?? '' };
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

/** What its runs have to say that matters more than the verdict, or null. */
function runWords(state: State, facts: DeviceFacts | null): string | null {
  if (facts === null) return null;
  if (state === 'running') return facts.active?.phase ?? null;
  if (state !== 'failing' || facts.last?.failure == null) return null;
  const row = facts.failures > 1 ? `${String(facts.failures)} failures in a row: ` : '';
  return `${row}${describeFailure(facts.last.failure)}`;
}

function standingJson(standing: Standing, lastRun: RunRecord | null): Readonly<Record<string, unknown>> {
  const { device, fleet, state, facts, nextSlot: next, words } = standing;
  return { ...deviceJson(device), fleet, state, nextSlot: instantJson(next), ...factsJson(facts, lastRun), words };
}

function factsJson(facts: DeviceFacts | null, lastRun: RunRecord | null): Readonly<Record<string, unknown>> {
  if (facts === null) return { lastSuccessAt: null, failures: 0, retryAt: null, lastRun: null, activeRun: null };
  const { lastSuccess, failures, retryAt, active } = facts;
  return {
    lastSuccessAt: instantJson(lastSuccess?.snapshotAt ?? null),
    failures,
    retryAt: instantJson(retryAt),
    lastRun: lastRun === null ? null : runJson(lastRun),
    activeRun: active === null ? null : runJson(active),
  };
}

function tableOf(standings: readonly Standing[], now: Instant, columns: number | null): readonly string[] {
  const rows = standings.map(({ device, state, facts, nextSlot: next, words }) => [
    deviceText(device),
    state,
    agoText(facts?.lastSuccess?.endedAt ?? null, now),
    next === null ? '' : `in ${durationText(next - now)}`,
    words,
  ]);
  return columnsText(['DEVICE', 'STATE', 'LAST SUCCESS', 'NEXT SLOT', 'NOTE'], rows, columns);
}

function agoText(at: Instant | null, now: Instant): string {
  return at === null ? 'never' : `${durationText(Math.max(0, now - at))} ago`;
}

function byName(a: Standing, b: Standing): number {
  return compareTexts(a.device.name, b.device.name) || compareTexts(a.device.uuid, b.device.uuid);
}
