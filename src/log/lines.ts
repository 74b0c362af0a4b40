import { assertNever } from '../model/assertnever';
import { describeFailure, describeHold, describeProblem } from '../model/describe';
import type { Event } from '../model/event';
import { count, durationText, instantText } from '../model/shown';
import { debug, error, type EventOf, info, type Line, type Statement, warn } from './line';
import { levelOf, type RunEvent, runStatement } from './runlines';

/** What the log says of an event. The one place that turns events into words. */
export function lineOf(event: Event): Line {
  const { event: name, ...fields } = event;
  const run = 'run' in event ? event.run : null;
  const device = run?.device ?? ('device' in event ? event.device : null);
  const own = without(fields, ['run', 'device', 'effect']);
  // What a run brought about stands among the line's own keys: `kind` is the run's there.
  const effect = 'effect' in event ? without(event.effect, ['kind']) : {};
  return { event: name, ...statementOf(event), device, run, fields: { ...own, ...effect } };
}

function without(fields: object, names: readonly string[]): Line['fields'] {
  return Object.fromEntries(Object.entries(fields).filter(([key]) => !names.includes(key)));
}

// eslint-disable-next-line complexity -- one case for each event is the point: one that is forgotten does not compile.
function statementOf(event: Event): Statement {
  if ('run' in event) return runStatement(event);
  switch (event.event) {
    case 'process.started':
    case 'process.stopping':
    case 'process.stopped':
    case 'config.rejected':
    case 'config.warned':
    case 'ledger.recovered':
      return processStatement(event);
    case 'reconcile.started':
    case 'reconcile.finished':
    case 'reconcile.failed':
    case 'fleet.row.rejected':
      return passStatement(event);
    case 'device.policy.rejected':
    case 'device.policy.accepted':
    case 'device.policy.dropped':
    case 'device.held':
    case 'slot.missed':
      return deviceStatement(event);
    case 'transport.connected':
    case 'transport.closed':
    case 'transport.failed':
    case 'hostkey.remembered':
    case 'fleetkey.registered':
    case 'fleetkey.restored':
    case 'credential.refused':
    case 'credential.recovered':
    case 'target.unavailable':
    case 'target.recovered':
      return linkStatement(event);
    default:
      return assertNever(event);
  }
}

type ProcessEvent = EventOf<
  'process.started' | 'process.stopping' | 'process.stopped' | 'config.rejected' | 'config.warned' | 'ledger.recovered'
>;
type PassEvent = EventOf<'reconcile.started' | 'reconcile.finished' | 'reconcile.failed' | 'fleet.row.rejected'>;
type DeviceEvent = EventOf<
  'device.policy.rejected' | 'device.policy.accepted' | 'device.policy.dropped' | 'device.held' | 'slot.missed'
>;
type LinkEvent = Exclude<Event, ProcessEvent | PassEvent | DeviceEvent | RunEvent>;

function processStatement(event: ProcessEvent): Statement {
  switch (event.event) {
    case 'process.started':
      return info(`Version ${event.version} started; its state is in ${event.stateDir}`);
    case 'process.stopping':
      return info(`Stopping on ${event.signal}; ${count(event.activeRuns, 'run')} left going on the devices`);
    case 'process.stopped':
      return info(`Stopped with exit code ${String(event.code)}`);
    case 'config.rejected':
      return error(`The configuration is not valid: ${event.problems.join('; ')}`);
    case 'config.warned':
      return warn(event.message);
    case 'ledger.recovered':
      return info(`Found ${count(event.orphans, 'run')} of an earlier process; looking for what came of them`);
    default:
      return assertNever(event);
  }
}

function passStatement(event: PassEvent): Statement {
  switch (event.event) {
    case 'reconcile.started':
      return debug(`Reading the fleet (${CAUSES[event.cause]})`);
    case 'reconcile.finished':
      return finishedStatement(event);
    case 'reconcile.failed':
      return {
        level: levelOf(event.failure),
        message: `The pass was given up: ${describeFailure(event.failure)}. Next pass at ${instantText(event.retryAt)}`,
      };
    case 'fleet.row.rejected':
      return warn(`Left out is ${event.what}: ${event.problem}`);
    default:
      return assertNever(event);
  }
}

const CAUSES: Readonly<Record<EventOf<'reconcile.started'>['cause'], string>> = {
  start: 'at the start',
  interval: 'at the interval',
  signal: 'on request',
  wake: 'since a device may be due',
  'run-ended': 'since a run has ended',
};

/** A pass that did something, or that somebody waits for, is worth a line of its own. */
function finishedStatement(event: EventOf<'reconcile.finished'>): Statement {
  const parts = [
    `${String(event.due)} due`,
    `${String(event.held)} held`,
    `${String(event.notDue)} not due`,
    `${String(event.rejected)} rejected`,
    `${String(event.notEnabled)} not enabled`,
  ];
  const next = event.wakeAt === null ? '' : `; next look at ${instantText(event.wakeAt)} at the latest`;
  const message = `Looked at ${count(event.devices, 'device')} in ${durationText(event.durationMs)}: ${parts.join(', ')}${next}`;
  const isAwaited = event.cause === 'start' || event.cause === 'signal';
  return event.due > 0 || isAwaited ? info(message) : debug(message);
}

function deviceStatement(event: DeviceEvent): Statement {
  switch (event.event) {
    case 'device.policy.rejected':
      return error(`Will not be backed up before this is corrected: ${event.problems.map(describeProblem).join('; ')}`);
    case 'device.policy.accepted':
      return info(`Will be backed up: ${event.summary}`);
    case 'device.policy.dropped':
      return event.problem === null
        ? info('Is not backed up any more: backupEnabled is not set to true')
        : warn(`Is not backed up: ${describeProblem(event.problem)}`);
    case 'device.held':
      return heldStatement(event);
    case 'slot.missed':
      return warn(
        `Skipped the slot ${event.slot}, which is past BACKUP_STARTING_DEADLINE (${count(event.count, 'slot')} missed)`,
      );
    default:
      return assertNever(event);
  }
}

function heldStatement({ reason, until, changed }: EventOf<'device.held'>): Statement {
  const message = `Waits: ${describeHold(reason)}${until === null ? '' : ` (until ${instantText(until)})`}`;
  return changed ? info(message) : debug(message);
}

// eslint-disable-next-line complexity -- one case for each event is the point: one that is forgotten does not compile.
function linkStatement(event: LinkEvent): Statement {
  switch (event.event) {
    case 'transport.connected':
      return debug(`Connected to ${event.host} by ${event.transport}`);
    case 'transport.closed':
      return debug(`Closed the connection to ${event.host} by ${event.transport}`);
    case 'transport.failed':
      return warn(`No way to ${event.host} by ${event.transport}: ${describeFailure(event.failure)}`);
    case 'hostkey.remembered':
      return info(
        `Trusts the host key of ${event.host} from now on (${event.fingerprint}), as it is the first one seen`,
      );
    case 'fleetkey.registered':
      return info(
        `Added the SSH key "${event.title}" (${event.fingerprint}) to the balena account${event.removed === 0 ? '' : ` and removed ${count(event.removed, 'key')} of that title whose private half is lost`}`,
      );
    case 'fleetkey.restored':
      return warn(
        `Put the SSH key "${event.title}" (${event.fingerprint}) back into the balena account, from which somebody had removed it: no device can be reached without it. To lock this program out, revoke CLI_API_KEY`,
      );
    case 'credential.refused':
      return error(describeFailure(event.failure));
    case 'credential.recovered':
      return info(
        event.who === 'api' ? 'The balena API accepts CLI_API_KEY again' : 'Devices can be reached over SSH again',
      );
    case 'target.unavailable':
      return error(
        `${event.place}: ${describeFailure(event.failure)}. Runs to it wait until ${instantText(event.until)}`,
      );
    case 'target.recovered':
      return info(`${event.place} can be used again`);
    default:
      return assertNever(event);
  }
}
