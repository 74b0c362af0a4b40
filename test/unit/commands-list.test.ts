import { right } from 'fp-ts/Either';
import { list } from '../../src/commands/list';
import type { LookTools } from '../../src/commands/snapshots';
import type { Action } from '../../src/model/action';
import { aDevice, aPolicy } from '../support/desired';
import { aRun, at } from '../support/facts';

const now = at('2026-11-26T12:00:00Z');
const device = aDevice();
const executed = { kind: 'executed', command: 'list-current-files' } as const;
const succeeded = { kind: 'succeeded', effect: executed, tail: [], warnings: [] } as const;

interface Played {
  readonly code: number;
  readonly text: string;
  readonly started: readonly Action[];
}

/** What a person gets who asks for the snapshot of a time. */
async function listed(time: string | null): Promise<Played> {
  const lines: string[] = [];
  const started: Action[] = [];
  const tools: LookTools = {
    terminal: {
      say: (line) => lines.push(line),
      hand: (value) => lines.push(value),
      complain: (line) => lines.push(line),
      columns: null,
      canAsk: false,
      ask: () => Promise.resolve(null),
      progress: () => undefined,
    },
    find: () => Promise.resolve(right([device])),
    activeRunOf: () => null,
    runs: {
      start: (action) => {
        started.push(action);
        return Promise.resolve(aRun({ device: device.uuid, endedAt: now, outcome: succeeded }));
      },
      adopt: () => Promise.resolve(null),
      leave: () => undefined,
      cancel: () => undefined,
    },
    onInterrupt: () => () => undefined,
    pause: () => Promise.resolve(),
    now: () => now,
    policyOf: () => Promise.resolve(right(aPolicy())),
    onOutput: () => undefined,
  };
  const values = new Map(time === null ? [] : [['at', time] as const]);
  const code = await list({ words: [device.uuid], flags: new Set(), values, output: 'text' }, tools);
  return { code, text: lines.join('\n'), started };
}

describe('the snapshot whose files are listed', () => {
  test.each([
    { time: '2026-11-24T11:50Z', option: '--restore-time=2026-11-24T11:50:00+00:00' },
    { time: '2026-11-24', option: '--restore-time=2026-11-24T00:00:00+00:00' },
    { time: '3D', option: '--restore-time=2026-11-23T12:00:00+00:00' },
  ])('is that of a time as restore reads it: $time', async ({ time, option }) => {
    const { code, started } = await listed(time);

    expect(code).toBe(0);
    expect(started).toMatchObject([{ kind: 'execute', command: { word: 'list-current-files', options: [option] } }]);
  });

  test('is the latest where no time is named', async () => {
    expect((await listed(null)).started).toMatchObject([{ command: { options: [] } }]);
  });

  test('is not looked for on the device where the time is none', async () => {
    const { code, text, started } = await listed('soon');

    expect({ code, started }).toEqual({ code: 2, started: [] });
    expect(text).toMatch(/^--at: "soon" is not a time; write for example/);
  });
});
