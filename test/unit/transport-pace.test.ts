import { Socket } from 'node:net';
import { isLeft, left, right } from 'fp-ts/Either';
import { Pacer, waitOf } from '../../src/transport/pace';
import { aUuid } from '../support/desired';

const pace = { connections: 3, withinMs: 1000 };
const never = new AbortController().signal;
const reached = (): Promise<ReturnType<typeof right<never, Socket>>> => Promise.resolve(right(new Socket()));

describe('the wait before a connection', () => {
  test.each([
    { name: 'nothing was asked for yet', madeAt: [], now: 5000, waitMs: 0 },
    { name: 'fewer than the pace allows', madeAt: [4900, 4950], now: 5000, waitMs: 0 },
    { name: 'as many as it allows, a moment ago', madeAt: [4800, 4900, 4950], now: 5000, waitMs: 800 },
    { name: 'as many, the first of them long ago', madeAt: [4000, 4900, 4950], now: 5000, waitMs: 0 },
    { name: 'more than it allows', madeAt: [4100, 4800, 4900, 4950], now: 5000, waitMs: 800 },
  ])('$name: $waitMs ms', ({ madeAt, now, waitMs }) => {
    expect(waitOf(madeAt, now, pace)).toBe(waitMs);
  });
});

describe('the pace', () => {
  test('is kept for each device by itself', async () => {
    const pacer = new Pacer(pace, () => 0);
    for (const device of [aUuid(1), aUuid(2)])
      for (let n = 0; n < 3; n += 1) expect(isLeft(await pacer.paced(device, never, reached))).toBe(false);
  });

  test('counts no attempt that did not get there', async () => {
    const pacer = new Pacer(pace, () => 0);
    const failed = left({ kind: 'device-unreachable', phase: 'connect', detail: '' } as const);
    for (let n = 0; n < 10; n += 1) {
      expect(await pacer.paced(aUuid(1), never, () => Promise.resolve(failed))).toEqual(failed);
    }
  });

  test('ends a wait at once when we stop', async () => {
    const pacer = new Pacer(pace, () => 0);
    for (let n = 0; n < 3; n += 1) await pacer.paced(aUuid(1), never, reached);
    const stopped = await pacer.paced(aUuid(1), AbortSignal.abort(), reached);
    expect(stopped).toEqual(left({ kind: 'cancelled', by: 'shutdown' }));
  });
});
