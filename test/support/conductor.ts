import { VirtualTimeScheduler } from 'rxjs';
import { type ActionOf, actionIdOf } from '../../src/model/action';
import { instantOf } from '../../src/model/brand';
import type { Event } from '../../src/model/event';
import type { Adopter, Executors, Ledger } from '../../src/model/ports';
import { type Conductor, createConductor } from '../../src/reconciler/conduct';
import type { Work } from '../../src/reconciler/work';
import { aDevice, aPolicy, aTarget, aUuid } from './desired';
import { at } from './facts';
import { aSighting, scheduled, withOpenLedger } from './ledger';

export const start = at('2026-11-24T00:00:00Z');
const slot = scheduled('2026-11-24T00:00:00Z');

export function anAction(over: Partial<ActionOf<'backup'>> = {}): ActionOf<'backup'> {
  return {
    kind: 'backup',
    id: actionIdOf(aUuid(1), 'backup', slot),
    device: aDevice(),
    policy: aPolicy(),
    target: aTarget(),
    slot,
    dueSince: start,
    attempt: 1,
    mode: 'auto',
    ...over,
  };
}

/** A backup that a pass found due. */
export function work(over: Partial<ActionOf<'backup'>> = {}): Work {
  return { kind: 'start', action: anAction(over) };
}

const notAskedFor = (): Promise<never> => Promise.reject(new Error('not asked for'));

export interface Scene {
  readonly ledger: Ledger;
  readonly conductor: Conductor;
  readonly events: Event[];
  readonly clock: { ms: number };
  /** Time passes when it is flushed. */
  readonly scheduler: VirtualTimeScheduler;
}

interface Runs extends Partial<Executors> {
  readonly adopter?: Adopter;
  /** What of the ledger goes another way than it does. */
  readonly trouble?: Partial<Ledger>;
}

/** A conductor on a real ledger, with a time limit of an hour, whose runs go as the test says. */
export async function scene(runs: Runs, play: (scene: Scene) => Promise<void>): Promise<void> {
  const events: Event[] = [];
  const clock = { ms: start };
  const scheduler = new VirtualTimeScheduler();
  const { adopter = notAskedFor, trouble = {}, ...executors } = runs;
  await withOpenLedger(async (ledger) => {
    ledger.see([aSighting()], start);
    const conductor = createConductor({
      ledger: { ...ledger, ...trouble },
      executors: { backup: notAskedFor, execute: notAskedFor, survey: notAskedFor, restore: notAskedFor, ...executors },
      adopter,
      owner: { process: 'host:2', startedAt: start },
      clock: { now: () => instantOf(clock.ms) },
      timer: (ms, due) => {
        const timer = scheduler.schedule(due, ms);
        return () => {
          timer.unsubscribe();
        };
      },
      emit: (event) => events.push(event),
      runTimeoutMs: 3_600_000,
      random: () => 0,
      nonce: () => 'nonce',
    });
    await play({ ledger, conductor, events, clock, scheduler });
  });
}
