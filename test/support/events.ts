import type { DeviceRef, Event, EventName, RunRef } from '../../src/model/event';
import type { Failure } from '../../src/model/failure';
import { aNewRun } from './ledger';
import { aProblem, aUuid } from './desired';
import { aSnapshot, at } from './facts';

const later = at('2026-11-24T00:10:00Z');
const unreachable: Failure = { kind: 'device-unreachable', phase: 'connect', detail: 'refused' };

export const aDeviceRef: DeviceRef = { uuid: aUuid(1), name: 'kitchen' };

export const aRunRef: RunRef = {
  runId: aNewRun().runId,
  device: aDeviceRef,
  kind: 'backup',
  slot: '2026-11-24T00:00:00.000Z',
  attempt: 1,
};

type Examples = { readonly [N in EventName]: Extract<Event, { readonly event: N }> };

/** One event of each name: a name that is missing does not compile. */
export const anEvent: Examples = {
  'process.started': { event: 'process.started', version: '1.2.3', pid: 7, stateDir: '/data' },
  'process.stopping': { event: 'process.stopping', signal: 'SIGTERM', activeRuns: 2 },
  'process.stopped': { event: 'process.stopped', code: 0 },
  'config.rejected': { event: 'config.rejected', problems: ['PASSPHRASE is not set', 'BACKUP_URL is no URL'] },
  'config.warned': { event: 'config.warned', message: 'BACKUP_URI is not known' },
  'reconcile.started': { event: 'reconcile.started', cause: 'interval' },
  'reconcile.finished': {
    event: 'reconcile.finished',
    cause: 'interval',
    devices: 6,
    due: 1,
    held: 2,
    rejected: 1,
    notDue: 1,
    notEnabled: 1,
    durationMs: 120,
    wakeAt: later,
  },
  'reconcile.failed': {
    event: 'reconcile.failed',
    failure: { kind: 'api-unavailable', status: 500, retryAfterMs: null, detail: '' },
    retryAt: later,
  },
  'fleet.row.rejected': { event: 'fleet.row.rejected', what: 'device 3', problem: 'it has no UUID' },
  'device.policy.rejected': { event: 'device.policy.rejected', device: aDeviceRef, problems: [aProblem()] },
  'device.policy.accepted': { event: 'device.policy.accepted', device: aDeviceRef, summary: 'all volumes, daily' },
  'device.policy.dropped': { event: 'device.policy.dropped', device: aDeviceRef, problem: null },
  'device.held': { event: 'device.held', device: aDeviceRef, reason: 'offline', until: null, changed: true },
  'slot.missed': { event: 'slot.missed', device: aDeviceRef, slot: '2026-11-24T00:00:00.000Z', count: 3 },
  'run.planned': { event: 'run.planned', run: aRunRef },
  'run.started': { event: 'run.started', run: aRunRef, adopted: false, process: null },
  'run.progressed': { event: 'run.progressed', run: aRunRef, phase: 'pulling', detail: '40 %' },
  'run.output': { event: 'run.output', run: aRunRef, line: 'Local and Remote metadata are synchronized' },
  'run.warned': { event: 'run.warned', run: aRunRef, message: 'this kernel knows no CPU limit' },
  'retention.applied': {
    event: 'retention.applied',
    run: aRunRef,
    retention: { keptFull: 2, dropped: [aSnapshot().snapshotAt], healed: 1 },
  },
  'run.succeeded': {
    event: 'run.succeeded',
    run: aRunRef,
    effect: aSnapshot(),
    durationMs: 61_000,
    process: null,
  },
  'run.failed': { event: 'run.failed', run: aRunRef, failure: unreachable, durationMs: 2000, process: null },
  'run.detached': { event: 'run.detached', run: aRunRef, reason: 'shutdown' },
  'run.cancelled': { event: 'run.cancelled', run: aRunRef, by: 'a person', process: null },
  'run.backoff.scheduled': { event: 'run.backoff.scheduled', run: aRunRef, failures: 2, until: later },
  'transport.connected': { event: 'transport.connected', device: aDeviceRef, host: 'gateway:22', transport: 'gateway' },
  'transport.closed': { event: 'transport.closed', device: aDeviceRef, host: 'gateway:22', transport: 'gateway' },
  'transport.failed': {
    event: 'transport.failed',
    device: aDeviceRef,
    host: 'gateway:22',
    transport: 'gateway',
    failure: unreachable,
  },
  'hostkey.remembered': { event: 'hostkey.remembered', host: 'gateway:22', fingerprint: 'SHA256:aaa' },
  'fleetkey.registered': {
    event: 'fleetkey.registered',
    title: 'balena-backup',
    fingerprint: 'SHA256:bbb',
    removed: 1,
  },
  'fleetkey.restored': { event: 'fleetkey.restored', title: 'balena-backup', fingerprint: 'SHA256:bbb' },
  'credential.refused': {
    event: 'credential.refused',
    who: 'ssh',
    failure: { kind: 'auth-rejected', who: 'ssh', detail: '' },
  },
  'credential.recovered': { event: 'credential.recovered', who: 'api' },
  'target.unavailable': {
    event: 'target.unavailable',
    place: 's3://bucket',
    failure: { kind: 'store-unavailable', detail: 'no such bucket' },
    until: later,
  },
  'target.recovered': { event: 'target.recovered', place: 's3://bucket' },
  'ledger.recovered': { event: 'ledger.recovered', orphans: 1 },
};

export const everyEvent: readonly Event[] = Object.values(anEvent);
