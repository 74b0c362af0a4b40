import { NEVER, of } from 'rxjs';
import type { Work } from '../../src/reconciler/work';
import { dispatched$ } from '../../src/reconciler/dispatch';
import { anAction } from '../support/conductor';
import { aDevice, aUuid } from '../support/desired';
import { aRun } from '../support/facts';
import { expectStream, inVirtualTime } from '../support/streams';

/** A run to start on the n-th device. */
function work(n: number): Work {
  return { kind: 'start', action: anAction({ device: aDevice({ uuid: aUuid(n) }) }) };
}

/** A run on it that is there already. */
function left(n: number): Work {
  return { kind: 'adopt', run: aRun({ device: aUuid(n) }), device: aDevice({ uuid: aUuid(n) }) };
}

function numberOf(each: Work): string {
  const uuid = each.kind === 'start' ? each.action.device.uuid : each.run.device;
  return String(Number.parseInt(uuid.slice(0, 7), 16));
}

const answer = (...numbers: readonly number[]): { readonly work: readonly Work[] } => ({ work: numbers.map(work) });

describe('dispatch', () => {
  it.each([
    { name: 'starts in order, all at once below the limit', limit: 3, out: '-----(123|)' },
    {
      name: 'never more at once than the limit, and the next as soon as one has ended',
      limit: 2,
      out: '-----(12)-(3|)',
    },
    { name: 'one at a time', limit: 1, out: '-----1----2----(3|)' },
  ])('$name', ({ limit, out }) => {
    inVirtualTime((helpers) => {
      const answers$ = helpers.hot('a|', { a: answer(1, 2, 3) });
      const conduct = (each: Work): ReturnType<typeof helpers.cold<string>> =>
        helpers.cold('-----(r|)', { r: numberOf(each) });
      expectStream(helpers, dispatched$(answers$, conduct, limit), out);
    });
  });

  it('work of a later pass waits behind that of an earlier one', () => {
    inVirtualTime((helpers) => {
      const answers$ = helpers.hot('ab-----|', { a: answer(1), b: answer(2) });
      const stream$ = dispatched$(answers$, (each) => helpers.cold('---(r|)', { r: numberOf(each) }), 1);
      expectStream(helpers, stream$, '---1--2|');
    });
  });

  it('a run that is on its device already does not wait for room, and takes none', () => {
    inVirtualTime((helpers) => {
      const answers$ = helpers.hot('ab|', { a: answer(1, 2), b: { work: [left(3), left(4)] } });
      const stream$ = dispatched$(answers$, (each) => helpers.cold('-----(r|)', { r: numberOf(each) }), 1);
      expectStream(helpers, stream$, '-----1(34)(2|)');
    });
  });

  it('a defect ends all', () => {
    inVirtualTime((helpers) => {
      const answers$ = helpers.hot('a---', { a: answer(1, 2) });
      expectStream(
        helpers,
        dispatched$(answers$, () => helpers.cold<never>('--#'), 2),
        '--#',
      );
    });
  });

  it('asks for the work only when there is room, so that nothing is begun that must wait', () => {
    const asked: string[] = [];
    const subscription = dispatched$(
      of(answer(1, 2)),
      (each) => {
        asked.push(numberOf(each));
        return NEVER;
      },
      1,
    ).subscribe();
    subscription.unsubscribe();

    expect(asked).toEqual(['1']);
  });
});
