import { type Either, isLeft } from 'fp-ts/Either';
import { escapeControls, escapedJson } from '../model/escape';
import { quoted } from '../model/quote';
import type { KnownDevice } from '../model/ports';
import { type RunRecord, storedBy } from '../model/run';
import { bytesText, instantText } from '../model/shown';
import { slotText } from '../model/slot';
import { columnsText } from './columns';
import { deviceText } from './finddevice';
import type { Output } from './output';
import { deviceJson } from './outlooktext';
import { type Refusal, refuse } from './refusal';
import { runJson, runLines, stateOf, tookText } from './runtext';
import type { Terminal } from './terminal';

type Known = Pick<KnownDevice, 'uuid' | 'name'>;

/** What `history` needs: the device that is meant, and its runs, latest first. */
export interface HistoryTools {
  readonly device: () => Promise<Either<Refusal, Known>>;
  readonly runsOf: (device: KnownDevice['uuid'], limit: number) => readonly RunRecord[];
  /** The beginning of the id of the run that is meant, or null: all of them. */
  readonly runId: string | null;
  readonly output: Output;
  readonly terminal: Pick<Terminal, 'say' | 'complain' | 'columns'>;
}

/** More than the ledger keeps of a device. */
const ALL = 1000;

/** Tells of a device's past runs: all of them in a table and the latest, or the one that is meant, whole. Gives the exit code. */
export async function history({ device: find, runsOf, runId, output, terminal }: HistoryTools): Promise<number> {
  const found = await find();
  if (isLeft(found)) return refuse(found.left, terminal);
  const device = found.right;
  const all = runsOf(device.uuid, ALL);
  const runs = runId === null ? all : all.filter((run) => run.runId.startsWith(runId));
  if (runId !== null && runs.length === 0) {
    terminal.complain(
      `${deviceText(device)} has no run whose id begins with ${quoted(runId)} in the ledger. "balena-backup history ${device.uuid}" lists those that it has.`,
    );
    return 2;
  }
  if (output === 'json') terminal.say(escapedJson({ device: deviceJson(device), runs: runs.map(runJson) }));
  else for (const line of linesOf(device, runs, terminal.columns)) terminal.say(line);
  return 0;
}

function linesOf(device: Known, runs: readonly RunRecord[], columns: number | null): readonly string[] {
  const [latest] = runs;
  if (latest === undefined) return [`${deviceText(device)} has no runs yet.`];
  const rows = runs.map((run) => [
    instantText(run.startedAt),
    slotText(run.slot),
    resultText(run),
    tookText(run),
    bytesOf(run),
    run.runId,
  ]);
  const table = columnsText(['BEGAN', 'FOR', 'RESULT', 'TOOK', 'STORED', 'RUN'], rows, columns);
  return [...table, '', ...runLines(latest).map(escapeControls)];
}

/** The class of the outcome: what a person looks up, and what the controller goes by. */
function resultText(run: RunRecord): string {
  const { outcome, kind } = run;
  if (outcome?.kind === 'failed') return outcome.failure.kind;
  return storedBy(run)?.mode ?? (outcome === null ? stateOf(run) : `${kind} done`);
}

function bytesOf(run: RunRecord): string {
  const stored = storedBy(run);
  return stored === null ? '' : bytesText(stored.statistics.storedBytes);
}
