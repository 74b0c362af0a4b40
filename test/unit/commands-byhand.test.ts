import { left, right } from 'fp-ts/Either';
import { renewOrTell } from '../../src/byhand';
import { runByHand } from '../../src/commands/byhand';
import type { Refusal } from '../../src/commands/refusal';
import { type Instant, instantOf } from '../../src/model/brand';
import { aDevice } from '../support/desired';
import type { RunRecord } from '../../src/model/run';
import { anAction } from '../support/conductor';
import { aRun, aSuccess } from '../support/facts';

const now = instantOf(Date.UTC(2026, 10, 26));
const device = aDevice();
const REFUSAL: Refusal = { code: 2, message: 'nothing is to be begun' };

interface Asked {
  readonly code: number;
  readonly adopted: number;
  readonly complaints: readonly string[];
}

interface World {
  /** Until when a run of the device that is in the ledger is leased; null: there is none. */
  readonly leaseUntil?: Instant;
  /** What keeps the command from beginning anything. */
  readonly refusal?: Refusal;
  /** Whether the person presses Ctrl-C before that is known. */
  readonly interrupts?: boolean;
  /** What is in the ledger of the run that is begun, once it is not followed any more. */
  readonly begun?: RunRecord;
}

/** What comes of a person's asking for a backup. */
async function asked({ leaseUntil, refusal = REFUSAL, interrupts = false, begun }: World): Promise<Asked> {
  const run = leaseUntil === undefined ? null : aRun({ device: device.uuid, leaseUntil });
  const complaints: string[] = [];
  let adopted = 0;
  let interrupt = (): void => undefined;
  const code = await runByHand(
    {
      meant: device.uuid,
      isPatient: false,
      actionFor: () => {
        if (interrupts) interrupt();
        return Promise.resolve(begun === undefined ? left(refusal) : right(anAction()));
      },
      again: 'again',
      continues: 'backup',
    },
    {
      terminal: {
        say: () => undefined,
        hand: () => undefined,
        complain: (text) => {
          complaints.push(text);
        },
        columns: null,
        canAsk: false,
        ask: () => Promise.resolve(null),
        progress: () => undefined,
      },
      find: () => Promise.resolve(right([device])),
      activeRunOf: () => run,
      runs: {
        start: () => Promise.resolve(begun ?? null),
        adopt: (left) => {
          adopted += 1;
          return Promise.resolve({ ...left, endedAt: now, outcome: aSuccess() });
        },
        leave: () => undefined,
        cancel: () => undefined,
      },
      onInterrupt: (listener) => {
        interrupt = listener;
        return () => undefined;
      },
      pause: () => Promise.resolve(),
      now: () => now,
    },
  );
  return { code, adopted, complaints };
}

describe('a run that is in the ledger when a person asks for one', () => {
  it.each([
    { name: 'keeps the device busy while somebody follows it', ms: 30_000, expected: { code: 4, adopted: 0 } },
    { name: 'is taken up when its lease is over', ms: 0, expected: { code: 0, adopted: 1 } },
    {
      name: 'is taken up when its lease was granted by a clock that has been set back since',
      ms: 86_400_000,
      expected: { code: 0, adopted: 1 },
    },
  ])('$name', async ({ ms, expected }) => {
    expect(await asked({ leaseUntil: instantOf(now + ms) })).toMatchObject(expected);
  });
});

describe('a run that a person began and that goes on without us', () => {
  it.each([
    { name: 'a lost link', process: '', says: /^Lost the link to run .* It goes on, on the device\./ },
    { name: 'who has it now', process: 'other:7', says: /^Another process \(other:7\) has taken up run / },
  ])('is told with $name', async ({ process, says }) => {
    const { code, complaints } = await asked({ begun: aRun({ owner: { process, startedAt: now } }) });

    expect(code).toBe(3);
    expect(complaints).toEqual([expect.stringMatching(says)]);
  });

  it('is not let go of since the ledger cannot be written for a while', () => {
    const complaints: string[] = [];
    const renew = (): void => {
      throw new Error('the ledger cannot be written since its disk is full: free some space there');
    };
    renewOrTell({ renew }, { complain: (text) => complaints.push(text) });

    expect(complaints).toEqual([
      'The run goes on, but that it is looked after could not be noted: the ledger cannot be written since its disk is full: free some space there.',
    ]);
  });
});

describe('a command that begins nothing', () => {
  it('says why, by its exit code', async () => {
    expect((await asked({})).code).toBe(2);
  });

  it('was interrupted where a person has interrupted it, whatever that looked like to it', async () => {
    const lost = { code: 3, message: 'The link to the device was lost.' } as const;

    expect((await asked({ refusal: lost, interrupts: true })).code).toBe(130);
  });
});
