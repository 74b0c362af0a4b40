import { isLeft } from 'fp-ts/Either';
import { BACKENDS, type Backend } from '../../src/model/backend';
import { imageNeedsOf, parseStores } from '../../src/model/multi';

function backend(scheme: string): Backend {
  const found = BACKENDS.get(scheme);
  if (found === undefined) throw new Error(`there is no ${scheme}://`);
  return found;
}

/** The schemes of the stores, or what is wrong with them. */
function read(text: string): readonly string[] | string {
  const stores = parseStores(text);
  return isLeft(stores) ? stores.left : stores.right.map(({ scheme }) => scheme);
}

const stores = (...urls: readonly string[]): string => JSON.stringify(urls.map((url) => ({ url })));

describe('the stores of a multi: configuration', () => {
  it.each([
    { text: stores('s3://bucket'), are: ['s3'] },
    { text: stores('S3://bucket', 'file:///backups/x', 'file:///backups'), are: ['s3', 'file', 'file'] },
    { text: stores('boto3+s3://bucket', 'b2://bucket'), are: ['s3', 'b2'] },
  ])('$text are $are', ({ text, are }) => {
    expect(read(text)).toEqual(are);
  });

  const form =
    'MULTI_CONFIG is not a list of stores; write [{"url": "...", "env": [{"name": "...", "value": "..."}]}, ...]';

  it.each([
    { text: '', is: form },
    { text: '[]', is: form },
    { text: '{"url":"s3://bucket"}', is: form },
    { text: '[{}]', is: form },
    { text: 'not JSON', is: form },
    { text: stores('nowhere://x'), is: 'MULTI_CONFIG: nowhere:// cannot be one of the stores' },
    { text: stores('multi://x'), is: 'MULTI_CONFIG: multi:// cannot be one of the stores' },
    { text: stores('no URL'), is: 'MULTI_CONFIG: one of the stores is no URL; write for example s3://bucket/path' },
    {
      text: stores(' s3://bucket'),
      is: 'MULTI_CONFIG: one of the stores is no URL; write for example s3://bucket/path',
    },
    {
      text: stores('s3://bucket', 'sftp://host//b'),
      is: 'MULTI_CONFIG: sftp:// cannot be one of the stores: there is no key for it; name it as the URL itself',
    },
    ...['file:///data', 'file:///backups2', 'file:///x/file:///backups'].map((url) => ({
      text: stores(url),
      is: 'MULTI_CONFIG: a file:// store must lie in /backups: any other folder vanishes with the container',
    })),
  ])('are not $text', ({ text, is }) => {
    expect(read(text)).toBe(is);
  });
});

describe('what an image must have', () => {
  it('is what the backend needs', () => {
    const { image, modules, programs } = backend('s3');

    expect(imageNeedsOf(backend('s3'), new Map())).toEqual({ image, modules, programs });
  });

  it('is for multi: what all of its stores need, each once', () => {
    const names = ['file', 's3', 's3', 'b2'];
    const text = stores('file:///backups', 's3://one', 's3://two', 'b2://three');
    const of = (pick: (each: Backend) => readonly string[]): readonly string[] => [
      ...new Set(names.flatMap((name) => pick(backend(name)))),
    ];

    expect(imageNeedsOf(backend('multi'), new Map([['MULTI_CONFIG', text]]))).toEqual({
      image: 'full',
      modules: of(({ modules }) => modules),
      programs: of(({ programs }) => programs),
    });
  });

  it.each([
    { name: 'a list that cannot be read', environment: new Map([['MULTI_CONFIG', 'x']]) },
    { name: 'no list', environment: new Map() },
  ])('is nothing for multi: with $name, which is refused elsewhere', ({ environment }) => {
    expect(imageNeedsOf(backend('multi'), environment)).toEqual({ image: 'small', modules: [], programs: [] });
  });
});
