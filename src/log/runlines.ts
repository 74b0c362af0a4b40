import { assertNever } from '../model/assertnever';
import { describeFailure } from '../model/describe';
import type { Event, RunRef } from '../model/event';
import type { Failure } from '../model/failure';
import { effectText } from '../model/effecttext';
import { count, durationText, instantText } from '../model/shown';
import type { LogLevel } from '../model/settings';
import { debug, type EventOf, info, type Statement, warn } from './line';

/** Every event that is about one run. */
export type RunEvent = Extract<Event, { readonly run: RunRef }>;

/** What an event of one run says: a line at its begin and its end for `info`, all in between for `debug`. */
// eslint-disable-next-line complexity -- one case for each event is the point: one that is forgotten does not compile.
export function runStatement(event: RunEvent): Statement {
  switch (event.event) {
    case 'run.planned':
      return debug('Will run');
    case 'run.started':
      return info(startedText(event));
    case 'run.progressed':
      return debug(event.detail === '' ? `Now ${event.phase}` : `Now ${event.phase}: ${event.detail}`);
    case 'run.output':
      return debug(`| ${event.line}`);
    case 'run.warned':
      return warn(event.message);
    case 'run.succeeded':
      return info(`${effectText(event.effect, event.durationMs)}${elsewhere(event)}`);
    case 'retention.applied':
      return info(retentionText(event));
    case 'run.failed':
      return failedStatement(event);
    case 'run.detached':
      return DETACHED[event.reason];
    case 'run.cancelled':
      return info(`Cancelled by ${event.by}${elsewhere(event)}`);
    case 'run.backoff.scheduled':
      return info(`Tried again after ${instantText(event.until)} (${count(event.failures, 'failure')} in a row)`);
    default:
      return assertNever(event);
  }
}

const DETACHED: Readonly<Record<EventOf<'run.detached'>['reason'], Statement>> = {
  'link-lost': warn('Lost the link to the device; the run goes on there and is taken up again'),
  shutdown: info('Left the run going on the device; the next start takes it up again'),
  'taken-over': info('Left the run to another process, which has taken it up'),
};

/** How grave a failure is: error = somebody must act; warn = it is tried again by itself; info = as somebody wanted. */
// eslint-disable-next-line complexity -- one case for each kind is the point: a kind that is forgotten does not compile.
export function levelOf(failure: Failure): LogLevel {
  switch (failure.kind) {
    case 'cancelled':
      return 'info';
    case 'device-unreachable':
    case 'api-unavailable':
    case 'remote-command-failed':
    case 'timed-out':
    case 'integrity-mismatch':
    case 'chain-broken':
    case 'store-unavailable':
    case 'image-unavailable':
    case 'clock-behind':
    case 'clock-ahead':
    case 'device-busy':
    case 'run-lost':
    case 'not-proven':
      return 'warn';
    case 'auth-rejected':
    case 'host-key-changed':
    case 'credential-missing':
    case 'output-too-large':
    case 'store-full':
    case 'restore-refused':
    case 'restore-failed':
    case 'image-lacking':
    case 'volume-missing':
    case 'volumes-none':
    case 'volume-emptied':
    case 'passphrase-wrong':
    case 'policy-invalid':
    case 'defect':
      return 'error';
    default:
      return assertNever(failure);
  }
}

function startedText(event: EventOf<'run.started'>): string {
  if (event.adopted) return 'Took over the run that goes on, on the device';
  const { attempt } = event.run;
  return `Started${attempt === 1 ? '' : ` (attempt ${String(attempt)})`}${elsewhere(event)}`;
}

/** Runs that a person's command looks after are the controller's to tell of, but not to follow. */
function elsewhere({ process }: { readonly process: string | null }): string {
  return process === null ? '' : ` (by another process, ${process})`;
}

function retentionText({ retention }: EventOf<'retention.applied'>): string {
  const { keptFull, dropped, healed } = retention;
  const times = dropped.map((time) => instantText(time)).join(', ');
  const gone = dropped.length === 0 ? [] : [`dropped ${count(dropped.length, 'snapshot')} (${times})`];
  const cleared = healed === 0 ? [] : [`cleared away what ${count(healed, 'interrupted run')} had left`];
  return `Kept ${count(keptFull, 'full chain')} at the target: ${[...gone, ...cleared].join(', ')}`;
}

function failedStatement(event: EventOf<'run.failed'>): Statement {
  const { failure, durationMs } = event;
  const message = `Failed after ${durationText(durationMs)}${elsewhere(event)}: ${describeFailure(failure)}`;
  return { level: levelOf(failure), message };
}
