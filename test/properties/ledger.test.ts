import * as fc from 'fast-check';
import { openLedger } from '../../src/ledger/ledger';
import { openReader } from '../../src/ledger/reader';
import { type DeviceUuid, type Instant, instantOf, type RunId } from '../../src/model/brand';
import type { Ledger } from '../../src/model/ports';
import type { DeviceFacts } from '../../src/model/run';
import { aUuid } from '../support/desired';
import { at } from '../support/facts';
import { aFailure, aNewRun, anEnding, anOwner, anotherOwner, aSighting, withLedger } from '../support/ledger';

const epoch = at('2026-11-24T00:00:00Z');
const LEASE_MS = 30_000;

type Step =
  | { readonly kind: 'see'; readonly devices: readonly number[] }
  | { readonly kind: 'begin'; readonly device: number; readonly slot: number }
  | { readonly kind: 'end'; readonly device: number; readonly succeeds: boolean }
  | { readonly kind: 'take-over'; readonly device: number }
  | { readonly kind: 'reopen' }
  /** Another process, as a person's command is one, opens the same ledger and ends what is active. */
  | { readonly kind: 'elsewhere'; readonly device: number };

const device = fc.integer({ min: 1, max: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('see' as const), devices: fc.uniqueArray(device) }),
  fc.record({ kind: fc.constant('begin' as const), device, slot: fc.integer({ min: 0, max: 3 }) }),
  fc.record({ kind: fc.constant('end' as const), device, succeeds: fc.boolean() }),
  fc.record({ kind: fc.constant('take-over' as const), device }),
  fc.record({ kind: fc.constant('reopen' as const) }),
  fc.record({ kind: fc.constant('elsewhere' as const), device }),
);

/** What a ledger must hold after some steps, kept in the simplest way. */
interface Book {
  readonly seen: Set<DeviceUuid>;
  readonly active: Map<DeviceUuid, { readonly runId: RunId; leaseUntil: number; readonly slotAt: Instant }>;
  readonly ended: Map<DeviceUuid, RunId[]>;
  readonly handled: Map<DeviceUuid, number>;
  readonly failures: Map<DeviceUuid, number>;
  readonly endedAt: Map<DeviceUuid, number>;
}

interface World {
  ledger: Ledger;
  readonly stateDir: string;
  readonly book: Book;
  clock: number;
}

const doing: { readonly [K in Step['kind']]: (world: World, step: Extract<Step, { readonly kind: K }>) => void } = {
  see: ({ ledger, book, clock }, { devices }) => {
    ledger.see(
      devices.map((n) => aSighting({ device: aUuid(n) })),
      instantOf(clock),
    );
    for (const n of devices) book.seen.add(aUuid(n));
  },
  begin: ({ ledger, book, clock }, { device: n, slot }) => {
    const slotAt = instantOf(epoch + slot * 1000);
    const attempt = (book.ended.get(aUuid(n)) ?? []).length + 1;
    const run = aNewRun({ device: aUuid(n), slot: { kind: 'schedule', at: slotAt }, attempt });
    const leaseUntil = instantOf(clock + LEASE_MS);

    expect(ledger.begin(run, anOwner, leaseUntil)).toBe(!book.active.has(aUuid(n)));
    if (!book.active.has(aUuid(n))) book.active.set(aUuid(n), { runId: run.runId, leaseUntil, slotAt });
  },
  end: ({ ledger, book, clock }, { device: n, succeeds }) => {
    const uuid = aUuid(n);
    const run = book.active.get(uuid);
    const runId = run?.runId ?? aNewRun({ device: uuid, attempt: 999 }).runId;

    const endedAt = instantOf(clock);

    expect(ledger.finish(runId, succeeds ? anEnding({ endedAt }) : aFailure({ endedAt }))).toBe(run !== undefined);
    if (run === undefined) return;
    book.active.delete(uuid);
    book.endedAt.set(uuid, endedAt);
    book.ended.set(uuid, [runId, ...(book.ended.get(uuid) ?? [])]);
    if (succeeds) book.handled.set(uuid, Math.max(book.handled.get(uuid) ?? 0, run.slotAt));
    book.failures.set(uuid, succeeds ? 0 : (book.failures.get(uuid) ?? 0) + 1);
  },
  'take-over': ({ ledger, book, clock }, { device: n }) => {
    const run = book.active.get(aUuid(n));
    if (run === undefined) return;
    const leaseUntil = instantOf(clock + LEASE_MS);
    const isOver = run.leaseUntil <= clock;

    expect(ledger.takeOver(run.runId, anotherOwner, instantOf(clock), leaseUntil)).toBe(isOver);
    if (isOver) run.leaseUntil = leaseUntil;
  },
  elsewhere: (world, { device: n }) => {
    const ledger = openLedger(world.stateDir);
    doing.end({ ...world, ledger }, { kind: 'end', device: n, succeeds: true });
    ledger.close();
  },
  reopen: (world) => {
    world.ledger.close();
    world.ledger = openLedger(world.stateDir);
  },
};

function take(world: World, next: Step): void {
  switch (next.kind) {
    case 'see':
      doing.see(world, next);
      return;
    case 'begin':
      doing.begin(world, next);
      return;
    case 'end':
      doing.end(world, next);
      return;
    case 'take-over':
      doing['take-over'](world, next);
      return;
    case 'reopen':
      doing.reopen(world, next);
      return;
    case 'elsewhere':
      doing.elsewhere(world, next);
      return;
  }
}

function check({ ledger, book, stateDir }: World): void {
  const reader = openReader(stateDir);
  const facts = ledger.facts();

  expect(new Map(ledger.active().map((run) => [run.device, run.runId]))).toEqual(
    new Map([...book.active].map(([uuid, { runId }]) => [uuid, runId])),
  );
  expect(new Set(facts.keys())).toEqual(book.seen);
  expect([...facts.values()].map(summaryOf)).toEqual([...facts.keys()].map((uuid) => expectedOf(book, uuid)));
  expect(reader.facts()).toEqual(facts);
  expect(reader.active()).toEqual(ledger.active());
}

interface Summary {
  readonly active: RunId | undefined;
  readonly last: number | undefined;
  readonly handledSlot: number | undefined;
  readonly failures: number;
}

function summaryOf({ active, last, handledSlot, failures }: DeviceFacts): Summary {
  return { active: active?.runId, last: last?.endedAt, handledSlot: handledSlot ?? undefined, failures };
}

function expectedOf({ active, endedAt, handled, failures }: Book, uuid: DeviceUuid): Summary {
  return {
    active: active.get(uuid)?.runId,
    last: endedAt.get(uuid),
    handledSlot: handled.get(uuid),
    failures: failures.get(uuid) ?? 0,
  };
}

/** Each call waits for the disk, which may be slow and shared: hence the long limit. */
const LIMIT_MS = 120_000;

describe('laws of the ledger', () => {
  it(
    'whatever is done in whatever order, it holds what a simple book would hold, and a reader sees the same',
    () => {
      fc.assert(
        fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
          withLedger((ledger, stateDir) => {
            const book = {
              seen: new Set<DeviceUuid>(),
              active: new Map(),
              ended: new Map(),
              handled: new Map(),
              failures: new Map(),
              endedAt: new Map(),
            };
            const world: World = { ledger, stateDir, book, clock: epoch };
            for (const next of steps) {
              take(world, next);
              check(world);
              world.clock += 11_000;
            }
            world.ledger.close();
          });
        }),
        { numRuns: 30 },
      );
    },
    LIMIT_MS,
  );
});
