import { namesOf, type RetentionAnswer, retentionOf, type SetOf, timeOf } from '../support/retention';

function full(time: number, over: Partial<SetOf> = {}): SetOf {
  return { start: null, time, finished: true, ...over };
}

function added(start: number, time: number, over: Partial<SetOf> = {}): SetOf {
  return { start, time, finished: true, ...over };
}

function plan(sets: readonly SetOf[], keep: number): RetentionAnswer {
  const [answer] = retentionOf([{ names: sets.flatMap((set) => [...namesOf(set)]), keep }]);
  if (answer === undefined) throw new Error('no answer');
  return answer;
}

describe('what the collector drops', () => {
  const rows: readonly {
    readonly name: string;
    readonly sets: readonly SetOf[];
    readonly keep: number;
    /** Which of the sets. */
    readonly dropped: readonly number[];
  }[] = [
    { name: 'nothing while there are not more chains', sets: [full(1), added(1, 2), full(3)], keep: 2, dropped: [] },
    { name: 'the oldest chain whole', sets: [full(1), added(1, 2), added(2, 3), full(4)], keep: 1, dropped: [2, 1, 0] },
    {
      name: 'nothing for a chain that is not finished: the only good one stays',
      sets: [full(1), full(4, { finished: false })],
      keep: 1,
      dropped: [],
    },
    {
      name: 'nothing for a chain that lacks a volume',
      sets: [full(1), full(4, { volumes: [1, 3] })],
      keep: 1,
      dropped: [],
    },
    { name: 'nothing for a chain without volumes', sets: [full(1), full(4, { volumes: [] })], keep: 1, dropped: [] },
    {
      name: 'not the newest, unfinished set, be it added to an old chain',
      sets: [full(1), full(4), added(1, 5, { finished: false })],
      keep: 1,
      dropped: [0],
    },
    {
      name: 'what a run before all that is kept has left unfinished',
      sets: [full(1, { finished: false }), full(2), full(3)],
      keep: 2,
      dropped: [0],
    },
    {
      name: 'no leftover that is newer than the oldest that is kept',
      sets: [full(1), full(2, { finished: false }), full(3)],
      keep: 2,
      dropped: [],
    },
    { name: 'an orphan that is older', sets: [added(0, 1), full(2), full(3)], keep: 1, dropped: [1, 0] },
  ];

  it.each(rows)('$name', ({ sets, keep, dropped }) => {
    const expected = dropped.flatMap((index) => namesOf(sets[index] ?? full(0)));

    expect([...plan(sets, keep).dropped].sort()).toEqual([...expected].sort());
  });

  it('goes in an order that can be cut off: the latest set first, and of each its manifest first', () => {
    const { dropped, kept } = plan([full(1), added(1, 2), full(3)], 1);

    expect(kept).toEqual([timeOf(3)]);
    expect(dropped[0]).toBe(`duplicity-inc.${timeOf(1)}.to.${timeOf(2)}.manifest.gpg`);
    expect(dropped.findIndex((name) => name.includes('duplicity-full'))).toBe(4);
    expect(dropped[4]).toBe(`duplicity-full.${timeOf(1)}.manifest.gpg`);
  });

  it("leaves alone what is not Duplicity's, and what is still being written", () => {
    const names = [
      'notes.txt',
      'duplicity-full.x.manifest.gpg',
      `.duplicity-full.${timeOf(1)}.vol1.difftar.gpg.a8Kz1q`,
    ];

    const [answer] = retentionOf([{ names: [...names, ...namesOf(full(2)), ...namesOf(full(3))], keep: 1 }]);

    expect(answer?.dropped).toHaveLength(namesOf(full(2)).length);
    expect(answer?.dropped).not.toEqual(expect.arrayContaining([expect.stringMatching(/^notes|\.x\.|a8Kz1q/)]));
  });
});
