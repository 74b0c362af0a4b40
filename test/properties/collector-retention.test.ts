import fc from 'fast-check';
import { namesOf, retentionOf, type SetOf } from '../support/retention';

const set: fc.Arbitrary<SetOf> = fc
  .tuple(fc.integer({ min: 0, max: 12 }), fc.option(fc.integer({ min: 1, max: 12 })), fc.boolean(), fc.boolean())
  .map(([time, after, finished, isWhole]) => ({
    start: after === null || after > time ? null : time - after,
    time,
    finished,
    volumes: isWhole ? [1, 2] : [2],
  }));

const cases = fc.sample(
  fc.record({
    sets: fc.uniqueArray(set, { maxLength: 12, selector: ({ start, time }) => `${String(start)} ${String(time)}` }),
    keep: fc.integer({ min: 1, max: 3 }),
  }),
  500,
);

const isGood = ({ finished, volumes }: SetOf): boolean => finished && volumes?.[0] === 1;
const filesOf = (sets: readonly SetOf[]): readonly string[] => sets.flatMap((each) => [...namesOf(each)]);

/** A full set with all that was added to it, and to what was added. */
function chainOf(sets: readonly SetOf[], begin: SetOf): readonly SetOf[] {
  const later = sets.filter(({ start, time }) => start === begin.time && time > begin.time);
  return [begin, ...later.flatMap((each) => chainOf(sets, each))];
}

function newestChains(sets: readonly SetOf[], keep: number): readonly (readonly SetOf[])[] {
  const fulls = sets.filter((each) => each.start === null && isGood(each)).sort((a, b) => b.time - a.time);
  return fulls.slice(0, keep).map((each) => chainOf(sets, each));
}

/** Full sets, and what was added to them without anything missing in between. */
function restorableIn(sets: readonly SetOf[]): ReadonlySet<SetOf> {
  const good = sets.filter(isGood);
  return new Set(good.filter(({ start }) => start === null).flatMap((full) => chainOf(good, full)));
}

const answers = retentionOf(cases.map(({ sets, keep }) => ({ names: filesOf(sets), keep })));
const played = cases.map((each, index) => ({ ...each, dropped: answers[index]?.dropped ?? [] }));

describe('whatever lies in a directory of the collector', () => {
  test('there are cases in which something goes', () => {
    expect(played.filter(({ dropped }) => dropped.length > 0).length).toBeGreaterThan(50);
  });

  test('nothing of the newest chains that can be restored ever goes', () => {
    for (const { sets, keep, dropped } of played) {
      const needed = newestChains(sets, keep).flatMap((chain) => [...filesOf(chain)]);
      expect(dropped.filter((name) => needed.includes(name))).toEqual([]);
    }
  });

  test('nothing goes before as many chains as wanted can be restored', () => {
    for (const { sets, keep, dropped } of played) {
      if (newestChains(sets, keep).length < keep) expect(dropped).toEqual([]);
    }
  });

  test('an unfinished set that is newer than all finished ones stays', () => {
    for (const { sets, dropped } of played) {
      const newest = Math.max(-1, ...sets.filter(isGood).map(({ time }) => time));
      const current = sets.filter((each) => !isGood(each) && each.time > newest);
      expect(dropped.filter((name) => filesOf(current).includes(name))).toEqual([]);
    }
  });

  test('wherever the work is cut off, what is still there and could be restored still can be', () => {
    for (const { sets, dropped } of played) {
      const before = restorableIn(sets);
      for (let done = 0; done <= dropped.length; done += 1) {
        const gone = new Set(dropped.slice(0, done));
        const left = sets.filter((each) => filesOf([each]).every((name) => !gone.has(name)));
        const after = restorableIn(left);
        expect(left.filter((each) => before.has(each) && !after.has(each))).toEqual([]);
      }
    }
  });

  test('what is left is left as it is by the next pruning', () => {
    const left = played.map(({ sets, keep, dropped }) => ({
      names: filesOf(sets).filter((name) => !dropped.includes(name)),
      keep,
    }));

    expect(retentionOf(left).flatMap(({ dropped }) => dropped)).toEqual([]);
  });
});
