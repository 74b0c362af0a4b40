import type { EventSink } from '../model/event';
import type { Ledger, RunMark } from '../model/ports';
import type { RunOwner, RunRecord } from '../model/run';
import { refOf, tellEnding } from './ending';

export interface OthersRunsTools {
  readonly ledger: Pick<Ledger, 'news'>;
  /** This process. */
  readonly owner: RunOwner;
  readonly emit: EventSink;
}

/**
 * Tells of the runs that other processes, such as a person's commands, have begun or ended in the ledger since it was last
 * called. A run that nobody looks after is left out: whoever takes it up tells of it.
 */
export function createOthersRuns({ ledger, owner, emit }: OthersRunsTools): () => void {
  let mark: RunMark | null = null;
  return () => {
    const news = ledger.news(mark);
    mark = news.mark;
    for (const run of news.begun) if (isOthers(run, owner)) tellBegin(run, emit);
    for (const run of news.ended) if (isOthers(run, owner)) tellEnd(run, emit);
  };
}

function isOthers({ owner }: RunRecord, own: RunOwner): boolean {
  return owner.process !== '' && (owner.process !== own.process || owner.startedAt !== own.startedAt);
}

function tellBegin(record: RunRecord, emit: EventSink): void {
  emit({ event: 'run.started', run: refOf(record), adopted: false, process: record.owner.process });
}

function tellEnd(record: RunRecord, emit: EventSink): void {
  const { outcome, endedAt, startedAt, owner } = record;
  if (outcome === null || endedAt === null) return;
  const ended = { run: refOf(record), startedAt, failures: 0, process: owner.process };
  tellEnding(ended, { outcome, endedAt, handled: true, counts: false, retryAt: null }, emit);
}
