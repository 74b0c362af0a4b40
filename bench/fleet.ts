import { actionIdOf, runIdOf } from '../src/model/action';
import { deviceUuidOf, type DeviceUuid, instantOf } from '../src/model/brand';
import type { Device } from '../src/model/device';
import type { FleetReading, NewRun } from '../src/model/ports';
import { inTransaction, ledgerPath, openDatabase } from '../src/ledger/database';
import { finishRun } from '../src/ledger/ending';
import { beginRun } from '../src/ledger/starting';
import { ReadingBuilder } from '../src/balena/rows';
import type { Outcome, RunOwner } from '../src/model/run';

const OWNER: RunOwner = { process: 'bench:1', startedAt: instantOf(0) };

export function uuidOf(n: number): DeviceUuid {
  return deviceUuidOf(n.toString(16).padStart(7, '0').padEnd(32, 'e'));
}

export interface Moment {
  readonly schedule: string;
  /** With each round one device in a hundred loses its link; in every tenth they all have it again. */
  readonly round: number;
}

/** The fleet as the API's rows say it, read as the adapter reads them; one device in a hundred has tags of its own. */
export function readFleet(
  devices: number,
  { schedule, round }: Moment,
  share?: (device: Device) => Device,
): FleetReading {
  const builder = new ReadingBuilder(share);
  const tags = [
    { tag_key: 'backupEnabled', value: 'true' },
    { tag_key: 'backupSchedule', value: schedule },
  ];
  for (let n = 0; n < devices; n += 1) {
    const row: unknown = JSON.parse(
      JSON.stringify({
        id: n + 1,
        uuid: uuidOf(n),
        device_name: `device-${String(n)}`,
        is_connected_to_vpn: n % 100 > round % 10,
        device_tag: n % 100 === 0 ? [{ tag_key: 'backupVolumes', value: 'data' }] : [],
        belongs_to__application: [{ id: 1 + (n % 20), slug: `org/fleet-${String(n % 20)}`, application_tag: tags }],
      }),
    );
    builder.add(row);
  }
  return builder.reading();
}

const STATISTICS = {
  sourceFiles: 1234,
  sourceBytes: 123_456_789,
  newFiles: 12,
  changedFiles: 3,
  deletedFiles: 1,
  storedBytes: 1_234_567,
  errors: 0,
  durationMs: 50_000,
};

/** A success with forty lines of output, as a real run leaves it. */
function success(at: number): Extract<Outcome, { kind: 'succeeded' }> {
  return {
    kind: 'succeeded',
    effect: {
      kind: 'stored',
      mode: 'full',
      statistics: STATISTICS,
      volumes: ['config', 'data'],
      emptyVolumes: [],
      snapshotAt: instantOf(Math.floor(at / 1000) * 1000),
      retention: null,
    },
    tail: Array.from({ length: 40 }, (_, n) => `line ${String(n)} of what Duplicity says about its files and volumes`),
    warnings: [],
  };
}

/** Gives each device one run that has succeeded. In one transaction: that it is durable is not what is measured. */
export function giveHistory(stateDir: string, devices: number, slotAt: number): void {
  const database = openDatabase(ledgerPath(stateDir));
  inTransaction(database, () => {
    for (let n = 0; n < devices; n += 1) {
      const run = newRun(n, slotAt);
      beginRun(database, run, OWNER, instantOf(slotAt + 30_000));
      const ending = { outcome: success(slotAt), endedAt: instantOf(slotAt + 60_000), counts: false, retryAt: null };
      finishRun(database, run.runId, { ...ending, handled: true });
    }
  });
  database.close();
}

function newRun(n: number, slotAt: number): NewRun {
  const device = uuidOf(n);
  const slot = { kind: 'schedule', at: instantOf(slotAt) } as const;
  const actionId = actionIdOf(device, 'backup', slot);
  return {
    runId: runIdOf(actionId, 1),
    actionId,
    kind: 'backup',
    device,
    deviceName: `device-${String(n)}`,
    slot,
    attempt: 1,
    nonce: `${device.slice(0, 16)}${device.slice(0, 16)}`,
    place: `ssh://collector:54321/backups/${device}`,
    startedAt: slot.at,
  };
}
