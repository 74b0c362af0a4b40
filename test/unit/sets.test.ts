import { instantOf } from '../../src/model/brand';
import { prefixesOf, snapshotSetsOf, type StoredFile } from '../../src/model/sets';

const FULL = '20261124T000000Z';
const NEXT = '20261125T000000Z';
const LAST = '20261126T000000Z';

function files(...names: readonly string[]): readonly StoredFile[] {
  return names.map((name) => ({ name, bytes: 10 }));
}

const full = [
  `duplicity-full.${FULL}.vol1.difftar.gpg`,
  `duplicity-full.${FULL}.vol2.difftar.gpg`,
  `duplicity-full.${FULL}.manifest.gpg`,
  `duplicity-full-signatures.${FULL}.sigtar.gpg`,
];
const incremental = (from: string, to: string): readonly string[] => [
  `duplicity-inc.${from}.to.${to}.vol1.difftar.gpg`,
  `duplicity-inc.${from}.to.${to}.manifest.gpg`,
  `duplicity-new-signatures.${from}.to.${to}.sigtar.gpg`,
];

describe('the snapshots that file names tell of', () => {
  it('come in the order of time, with what they are', () => {
    expect(snapshotSetsOf(files(...incremental(FULL, NEXT), ...full, 'lost+found'), [''])).toEqual([
      {
        mode: 'full',
        at: instantOf(Date.UTC(2026, 10, 24)),
        since: null,
        volumes: 2,
        bytes: 30,
        flaw: null,
      },
      {
        mode: 'incremental',
        at: instantOf(Date.UTC(2026, 10, 25)),
        since: instantOf(Date.UTC(2026, 10, 24)),
        volumes: 1,
        bytes: 20,
        flaw: null,
      },
    ]);
  });

  it.each([
    { name: 'no manifest', names: full.filter((name) => !name.includes('manifest')), flaws: [/no manifest/] },
    { name: 'a volume missing', names: full.filter((name) => !name.includes('vol1')), flaws: [/volume 1 is missing/] },
    {
      name: 'an incremental on one that is not whole',
      names: [...full.slice(1), ...incremental(FULL, NEXT), ...incremental(NEXT, LAST)],
      flaws: [/volume 1/, /stands on/, /stands on/],
    },
    {
      name: 'an incremental on nothing',
      names: incremental(FULL, NEXT),
      flaws: [/stands on is not whole/],
    },
  ])('are not taken for whole: $name', ({ names, flaws }) => {
    const found = snapshotSetsOf(files(...names), ['']);

    expect(found.map(({ flaw }) => flaw)).toEqual(flaws.map((flaw): unknown => expect.stringMatching(flaw)));
  });

  it.each([
    { name: 'a time that is none', file: 'duplicity-full.20261399T000000Z.manifest.gpg' },
    { name: 'something behind it', file: `duplicity-full.${FULL}.manifest.gpg.part` },
    { name: 'something before it', file: `x-duplicity-full.${FULL}.manifest.gpg` },
    { name: 'the signatures of a set', file: `duplicity-full-signatures.${FULL}.sigtar.gpg` },
    { name: 'a volume without a number', file: `duplicity-full.${FULL}.vol.difftar.gpg` },
  ])('are not told of by $name', ({ file }) => {
    expect(snapshotSetsOf(files(file), [''])).toEqual([]);
  });

  it('are the same without encryption, and with a manifest alone', () => {
    const plain = [`duplicity-full.${FULL}.vol1.difftar.gz`, `duplicity-full.${FULL}.manifest`];

    expect(snapshotSetsOf(files(...plain), [''])).toMatchObject([{ volumes: 1, flaw: null }]);
    expect(snapshotSetsOf(files(`duplicity-full.${FULL}.manifest`), [''])).toMatchObject([{ volumes: 0, flaw: null }]);
  });

  it('miss a volume in the middle, of which there may be many', () => {
    const many = [1, 2, 3, 4, 6, 7, 8, 9, 10, 11].map((n) => `duplicity-full.${FULL}.vol${String(n)}.difftar.gpg`);

    expect(snapshotSetsOf(files(...many, `duplicity-full.${FULL}.manifest.gpg`), [''])).toMatchObject([
      { volumes: 10, flaw: 'volume 5 is missing' },
    ]);
  });

  it('may stand on one another in a row, where each is whole', () => {
    const row = [...full, ...incremental(FULL, NEXT), ...incremental(NEXT, LAST)];

    expect(snapshotSetsOf(files(...row), ['']).map(({ flaw }) => flaw)).toEqual([null, null, null]);
  });

  it('are those of the prefix alone', () => {
    const others = full.map((name) => `other-${name}`);

    expect(snapshotSetsOf(files(...others), ['mine-'])).toEqual([]);
    expect(snapshotSetsOf(files(...others), ['other-'])).toHaveLength(1);
    expect(snapshotSetsOf(files(...others), [''])).toEqual([]);
  });

  it('are whole where manifests and volumes have prefixes of their own', () => {
    const options = ['--file-prefix-manifest=m-', '--volsize=5', '--file-prefix-archive=a-'];
    const prefixes = prefixesOf({ filePrefix: 'mine-', options });
    const names = full.map((name) => `mine-${name.includes('manifest') ? 'm-' : 'a-'}${name}`);

    expect(snapshotSetsOf(files(...names), prefixes)).toMatchObject([{ volumes: 2, flaw: null }]);
    expect(snapshotSetsOf(files(...names), prefixesOf({ filePrefix: 'mine-', options: [] }))).toEqual([]);
    expect(prefixesOf({ filePrefix: null, options: [] })).toEqual(['']);
  });
});
