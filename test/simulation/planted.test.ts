import { instantOf } from '../../src/model/brand';
import type { Ledger, RunEnding } from '../../src/model/ports';
import type { Pass } from '../../src/reconciler/pass';
import { range } from './world/seeds';
import type { Sabotage } from './world/simcontroller';
import { simulate } from './world/simulate';

const LIMIT_MS = 300_000;

function endingWith(change: (ending: RunEnding) => Partial<RunEnding>): Sabotage {
  return {
    ledger: (ledger) => ({
      ...ledger,
      finish: (runId, ending) => ledger.finish(runId, { ...ending, ...change(ending) }),
    }),
  };
}

/** Forgets what it knew when it starts: what is due is only what comes from then on. */
function inMemoryCron(ledger: Ledger): Ledger {
  let startedAt: number | null = null;
  return {
    ...ledger,
    see: (sightings, now, rejected) => {
      startedAt ??= now;
      ledger.see(sightings, now, rejected);
    },
    facts: () => {
      const since = instantOf(startedAt ?? 0);
      return new Map(
        [...ledger.facts()].map(([uuid, facts]) => {
          const enabledSince = instantOf(Math.max(since, facts.enabledSince));
          return [uuid, { ...facts, enabledSince }];
        }),
      );
    },
  };
}

/** What has been begun is begun once more. */
function doubled(pass: Pass): Pass {
  return async (cause, signal) => {
    const answer = await pass(cause, signal);
    return { ...answer, work: [...answer.work, ...answer.work.filter(({ kind }) => kind === 'start')] };
  };
}

const BUGS: readonly { name: string; sabotage: Sabotage; breaks: readonly string[] }[] = [
  {
    name: 'a wake-up that is lost now and then',
    sabotage: {
      pass: (pass, random) => async (cause, signal) => {
        const answer = await pass(cause, signal);
        return random.chance(0.05) ? { ...answer, wakeAt: null } : answer;
      },
    },
    breaks: ['wakes-in-time'],
  },
  {
    name: 'a double start',
    sabotage: {
      pass: doubled,
      ledger: (ledger) => ({ ...ledger, begin: (...args) => ledger.begin(...args) || true }),
    },
    breaks: ['one-run', 'nothing-repeated'],
  },
  {
    name: 'a cron in memory',
    sabotage: { ledger: inMemoryCron },
    breaks: ['never-late-without-a-reason', 'converges'],
  },
  {
    name: 'a slot that is advanced on failure',
    sabotage: endingWith(() => ({ handled: true })),
    breaks: ['never-late-without-a-reason', 'converges'],
  },
  {
    name: 'a backoff without cap',
    sabotage: endingWith(({ retryAt, endedAt }) => ({
      retryAt: retryAt === null ? null : instantOf(endedAt + (retryAt - endedAt) * 10),
    })),
    breaks: ['true-reasons', 'converges'],
  },
  {
    name: 'retries without end or pause',
    sabotage: endingWith(() => ({ retryAt: null })),
    breaks: ['backs-off'],
  },
];

describe('a bug that is planted is found', () => {
  it.each(BUGS)(
    '$name',
    async ({ sabotage, breaks }) => {
      for (const seed of range(1, 10)) {
        const { violations } = await simulate({ seed, days: 60, devices: 20, sabotage });
        const [found] = violations;
        if (found !== undefined) {
          expect(breaks).toContain(found.law);
          return;
        }
      }
      throw new Error('no world has shown it');
    },
    LIMIT_MS,
  );
});
