import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openLedger } from '../../src/ledger/ledger';
import { actionIdOf, runIdOf } from '../../src/model/action';
import { type DeviceUuid, instantOf } from '../../src/model/brand';
import type { Ledger, NewRun, RunEnding, Sighting } from '../../src/model/ports';
import type { DeviceFacts, RunOwner } from '../../src/model/run';
import type { Slot } from '../../src/model/slot';
import { aTarget, aUuid } from './desired';
import { aSuccess, at } from './facts';

/** Does the work with a folder of its own, which is gone afterwards, also when the work takes time. */
export function withFolder<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'ledger test '));
  const remove = (): void => {
    rmSync(folder, { recursive: true, force: true });
  };
  let isLater = false;
  try {
    const result = work(folder);
    if (result instanceof Promise) {
      isLater = true;
      void result.finally(remove).catch(() => null);
    }
    return result;
  } finally {
    if (!isLater) remove();
  }
}

/** Changes the closed ledger of a STATE_DIR behind our back. */
export function edit(stateDir: string, sql: string): void {
  const database = new DatabaseSync(join(stateDir, 'ledger.sqlite'));
  database.exec(sql);
  database.close();
}

/** Does the work with an open, empty ledger. */
export function withLedger<T>(work: (ledger: Ledger, stateDir: string) => T): T {
  return withFolder((folder) => {
    const ledger = openLedger(folder);
    try {
      return work(ledger, folder);
    } finally {
      ledger.close();
    }
  });
}

/** The same for work that takes time. */
export async function withOpenLedger(work: (ledger: Ledger) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ledger test '));
  const ledger = openLedger(folder);
  try {
    await work(ledger);
  } finally {
    ledger.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

export const anOwner: RunOwner = { process: 'host:1', startedAt: at('2026-11-24T00:00:00Z') };
export const anotherOwner: RunOwner = { process: 'host:1', startedAt: at('2026-11-24T00:10:00Z') };

export function scheduled(iso: string): Slot {
  return { kind: 'schedule', at: at(iso) };
}

export function aSighting(over: Partial<Sighting> = {}): Sighting {
  return {
    device: aUuid(1),
    name: 'a-device',
    scheduleKey: '0 0 0 * * * UTC',
    policyKey: 'policy',
    request: null,
    ...over,
  };
}

/** The first attempt at midnight's slot, unless said otherwise; its ids follow from the rest. */
export function aNewRun(over: Partial<NewRun> = {}): NewRun {
  const { device = aUuid(1), slot = scheduled('2026-11-24T00:00:00Z'), attempt = 1 } = over;
  const actionId = actionIdOf(device, 'backup', slot);
  return {
    runId: runIdOf(actionId, attempt),
    actionId,
    kind: 'backup',
    device,
    deviceName: 'a-device',
    slot,
    attempt,
    nonce: '0123456789abcdef',
    place: aTarget().place,
    startedAt: at('2026-11-24T00:00:00Z'),
    ...over,
  };
}

/** A success that handles its slot, unless said otherwise. */
export function anEnding(over: Partial<RunEnding> = {}): RunEnding {
  return {
    outcome: aSuccess(),
    endedAt: at('2026-11-24T00:05:00Z'),
    handled: true,
    counts: false,
    retryAt: null,
    ...over,
  };
}

/** A failure that will be tried again. */
export function aFailure(over: Partial<RunEnding> = {}): RunEnding {
  const failure = { kind: 'device-unreachable', phase: 'connect', detail: 'refused' } as const;
  return anEnding({
    outcome: { kind: 'failed', failure, tail: [] },
    handled: false,
    counts: true,
    retryAt: at('2026-11-24T00:06:00Z'),
    ...over,
  });
}

/** Begins the run and ends it. */
export function runThrough(ledger: Ledger, run: NewRun, ending: RunEnding = anEnding()): void {
  const leaseUntil = instantOf(run.startedAt + 30_000);
  if (!ledger.begin(run, anOwner, leaseUntil)) throw new Error('the device has an active run already');
  if (!ledger.finish(run.runId, ending)) throw new Error('the run had ended already');
}

/** What the ledger knows of the device, which it must have seen. */
export function factsOf(ledger: Pick<Ledger, 'facts'>, device: DeviceUuid = aUuid(1)): DeviceFacts {
  const facts = ledger.facts().get(device);
  if (facts === undefined) throw new Error('the ledger has not seen this device');
  return facts;
}
