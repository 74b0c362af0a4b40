import { right } from 'fp-ts/Either';
import { history } from '../../src/commands/history';
import type { RunRecord } from '../../src/model/run';
import { aUuid } from '../support/desired';
import { aFailedRun, aRun, at, aSucceededRun } from '../support/facts';
import { aTerminal, type HeardTerminal } from '../support/terminal';

const device = { uuid: aUuid(1), name: 'kitchen' };
const phases = [
  { phase: 'connecting', at: at('2026-11-24T00:00:00Z') },
  { phase: 'running', at: at('2026-11-24T00:00:04Z') },
  { phase: 'collecting', at: at('2026-11-24T00:04:59Z') },
] as const;
const stored = aSucceededRun({ phases });
const broken = aFailedRun({ kind: 'chain-broken', detail: 'a manifest is missing' });
const failed: RunRecord = {
  ...broken,
  attempt: 2,
  outcome: { kind: 'failed', failure: { kind: 'chain-broken', detail: '' }, tail: ['first', 'last \u001b[31m'] },
};

async function shown(
  runs: readonly RunRecord[],
  over: { readonly runId?: string; readonly output?: 'json' } = {},
): Promise<HeardTerminal & { readonly code: number }> {
  const terminal = aTerminal();
  const tools = { device: () => Promise.resolve(right(device)), runsOf: () => runs, terminal };
  const code = await history({ ...tools, runId: over.runId ?? null, output: over.output ?? 'text' });
  return { ...terminal, code };
}

describe('history', () => {
  it('lists the runs, and tells the latest whole: its phases, its outcome, its last lines', async () => {
    const { said, code } = await shown([failed, stored]);

    expect(code).toBe(0);
    expect(said.map((line) => line.replace(/ {2,}/g, ' | '))).toEqual([
      'BEGAN | FOR | RESULT | TOOK | STORED | RUN',
      `2026-11-24T00:00:00Z | 2026-11-24T00:00:00.000Z | chain-broken | 5 min | ${failed.runId}`,
      `2026-11-24T00:00:00Z | 2026-11-24T00:00:00.000Z | full | 5 min | 200 bytes | ${stored.runId}`,
      '',
      `Run ${failed.runId}: for 2026-11-24T00:00:00.000Z, attempt 2, began 2026-11-24T00:00:00Z, took 5 min`,
      expect.stringMatching(/The chain of snapshots at the target is not whole/),
      ' | Last lines of its output:',
      ' | | first',
      ' | | last \\u001b[31m',
    ]);
  });

  it('tells how long each phase of a run took', async () => {
    const { said } = await shown([stored]);

    expect(said.join('\n')).toMatch(/Phases: connecting 4 s, running 4 min 55 s, collecting 1 s\n {2}Volumes: data/);
  });

  it('gives a run no time, rather than less than none, whose clock was set back meanwhile', async () => {
    const { said } = await shown([{ ...stored, endedAt: at('2026-11-23T23:00:00Z') }]);

    expect(said.join('\n')).toContain('took 0 ms');
    expect(said.join('\n')).not.toMatch(/-\d+ (?:s|min)/);
  });

  it('tells where a run is that is under way', async () => {
    const { said } = await shown([aRun({ phases: phases.slice(0, 2) })]);

    expect(said.join('\n')).toMatch(
      /under way\n {2}Under way \(running\)\n {2}Phases: connecting 4 s, running since then/,
    );
  });

  it('tells programs the same of each run', async () => {
    const { said } = await shown([aRun({ phases }), failed, stored], { output: 'json' });

    expect(said).toHaveLength(1);
    expect(JSON.parse(said[0] ?? '')).toMatchObject({
      device,
      runs: [
        { state: 'active', phase: 'running', endedAt: null, durationMs: null, failure: null, output: [] },
        {
          state: 'failed',
          attempt: 2,
          failure: { kind: 'chain-broken', words: expect.any(String) as string },
          output: ['first', 'last \u001b[31m'],
        },
        {
          state: 'succeeded',
          mode: 'full',
          statistics: { storedBytes: 200 },
          volumes: ['data'],
          phases: [
            { phase: 'connecting', startedAt: '2026-11-24T00:00:00.000Z', durationMs: 4000 },
            { phase: 'running', durationMs: 295_000 },
            { phase: 'collecting', durationMs: 1000 },
          ],
        },
      ],
    });
  });

  it('tells one run that is meant, and refuses one that is not there', async () => {
    const other = { ...stored, runId: aRun({ runId: broken.runId }).runId };

    expect((await shown([other], { runId: other.runId.slice(0, 6) })).code).toBe(0);
    expect(await shown([other], { runId: 'zz' })).toMatchObject({
      code: 2,
      said: [],
      complained: [expect.stringMatching(/no run whose id begins with "zz"/)],
    });
  });

  it('of a device without runs says so', async () => {
    expect((await shown([])).said).toEqual(['0000001 (kitchen) has no runs yet.']);
  });
});
