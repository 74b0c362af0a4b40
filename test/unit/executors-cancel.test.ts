import { carryOut, type ContainerRun } from '../../src/executors/containerrun';
import { actionIdOf, runIdOf } from '../../src/model/action';
import { instantOf } from '../../src/model/brand';
import type { Event, EventSink } from '../../src/model/event';
import { aDevice } from '../support/desired';
import { playedSession, transportOf } from '../support/session';
import { until } from '../support/wait';

const NONCE = 'n0nce';
const device = aDevice();
const slot = { kind: 'manual', at: instantOf(1_700_000_000_000) } as const;
const runId = runIdOf(actionIdOf(device.uuid, 'backup', slot), 1);

function orderWith(cancelled: AbortSignal, emit: EventSink = () => undefined): ContainerRun {
  return {
    run: { runId, device, kind: 'backup', slot: 'by hand', attempt: 1 },
    device,
    context: {
      runId,
      nonce: NONCE,
      startedAt: slot.at,
      lastSuccess: null,
      signal: new AbortController().signal,
      cancelled,
      forget: [],
      emit,
      advance: () => undefined,
      commit: () => true,
      removed: () => undefined,
    },
    startScript: 'START',
    attachScript: 'ATTACH',
    cancelScript: 'CANCEL',
    afterwards: null,
    judge: { image: 'image', deviceLocal: false, runTimeoutMs: 1000, stallTimeoutMs: 1000 },
  };
}

describe('a run that a person wants ended', () => {
  it('is ended when it begins all the same, its image having taken longer to get than the device remembers the wish', async () => {
    const cancel = new AbortController();
    const [run, first, second] = [playedSession(), playedSession(), playedSession()];
    const transport = transportOf([run, first, second]);
    const outcome = carryOut(orderWith(cancel.signal), {
      transport,
      scrub: (text) => text,
      clock: { now: () => slot.at },
      reconnectPausesMs: [],
    });
    await until('the script', () => run.sent[0]);
    run.say(`${NONCE} - phase pulling`);
    cancel.abort();
    await until('the wish', () => first.sent[0]);
    first.say(`${NONCE} - cancelled`);

    run.say(`${NONCE} - phase running`);
    await until('the wish again', () => second.sent[0]);
    second.say(`${NONCE} - cancelled`);
    run.say(`${NONCE} - ended 137 false a b`, `${NONCE} - ready ${runId}`);
    await until('the acknowledgement', () => run.sent[1]);
    run.say(`${NONCE} - removed`);

    expect(await outcome).toMatchObject({ failure: { kind: 'cancelled', by: 'person' } });
    expect([first.sent, second.sent, run.sent]).toEqual([['CANCEL'], ['CANCEL'], ['START', `ack ${NONCE} ${runId}\n`]]);
  });

  it('is not told of twice where it runs already', async () => {
    const cancel = new AbortController();
    const [run, wish] = [playedSession(), playedSession()];
    const transport = transportOf([run, wish]);
    const events: Event[] = [];
    const outcome = carryOut(
      orderWith(cancel.signal, (event) => events.push(event)),
      {
        transport,
        scrub: (text) => text,
        clock: { now: () => slot.at },
        reconnectPausesMs: [],
      },
    );
    await until('the script', () => run.sent[0]);
    run.say(`${NONCE} - phase running`, `${NONCE} 1 c phase running`);
    await until('both words', () => events[1]);
    cancel.abort();
    await until('the wish', () => wish.sent[0]);
    run.say(`${NONCE} 2 c phase verifying`, `${NONCE} - ended 137 false a b`, `${NONCE} - ready ${runId}`);
    await until('the acknowledgement', () => run.sent[1]);
    run.say(`${NONCE} - removed`);

    await outcome;
    expect(transport.opened).toBe(2);
  });
});
