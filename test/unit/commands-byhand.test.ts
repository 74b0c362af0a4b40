import { left, right } from 'fp-ts/Either';
import { runByHand } from '../../src/commands/byhand';
import { type Instant, instantOf } from '../../src/model/brand';
import { aDevice } from '../support/desired';
import { aRun, aSuccess } from '../support/facts';

const now = instantOf(Date.UTC(2026, 10, 26));
const device = aDevice();

/** What a person is told who asks for a backup while a run of the device is in the ledger, leased until then. */
async function asked(leaseUntil: Instant): Promise<{ readonly code: number; readonly adopted: number }> {
  const run = aRun({ device: device.uuid, leaseUntil });
  let adopted = 0;
  const code = await runByHand(
    {
      meant: device.uuid,
      isPatient: false,
      actionFor: () => Promise.resolve(left({ code: 2, message: 'nothing is to be begun' })),
      again: 'again',
      continues: 'backup',
    },
    {
      terminal: {
        say: () => undefined,
        hand: () => undefined,
        complain: () => undefined,
        columns: null,
        canAsk: false,
        ask: () => Promise.resolve(null),
        progress: () => undefined,
      },
      find: () => Promise.resolve(right([device])),
      activeRunOf: () => run,
      runs: {
        start: () => Promise.resolve(null),
        adopt: () => {
          adopted += 1;
          return Promise.resolve({ ...run, endedAt: now, outcome: aSuccess() });
        },
        leave: () => undefined,
        cancel: () => undefined,
      },
      onInterrupt: () => () => undefined,
      pause: () => Promise.resolve(),
      now: () => now,
    },
  );
  return { code, adopted };
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
    expect(await asked(instantOf(now + ms))).toEqual(expected);
  });
});
