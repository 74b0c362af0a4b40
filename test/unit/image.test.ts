import { imageOf, isImageName, parseImageName } from '../../src/model/image';

const digest = `sha256:${'0a'.repeat(32)}`;

describe('the name of an image', () => {
  it.each([
    { text: 'duplicity', is: { registry: null, repository: 'duplicity', reference: 'latest' } },
    {
      text: 'balena-backup/duplicity:1.2.3',
      is: { registry: null, repository: 'balena-backup/duplicity', reference: '1.2.3' },
    },
    { text: 'localhost/a', is: { registry: 'localhost', repository: 'a', reference: 'latest' } },
    { text: 'host:5000/a/b:v', is: { registry: 'host:5000', repository: 'a/b', reference: 'v' } },
    { text: 'example.org/a/b', is: { registry: 'example.org', repository: 'a/b', reference: 'latest' } },
    { text: 'host/a.b', is: { registry: null, repository: 'host/a.b', reference: 'latest' } },
    { text: `host:5000/a@${digest}`, is: { registry: 'host:5000', repository: 'a', reference: digest } },
    { text: `a:v@${digest}`, is: { registry: null, repository: 'a', reference: digest } },
  ])('$text is taken apart', ({ text, is }) => {
    expect(isImageName(text)).toBe(true);
    expect(parseImageName(text)).toEqual(is);
  });

  it.each([
    ...['', '-a', 'Upper', '.a', 'a b', 'a;b', 'a$b', 'a..b', 'a/../b', ' a', 'a '],
    ...['localhost/', 'a/', 'a//b', 'a-/b', 'a:', 'a:v:w', 'Host/a', 'host:/a', 'host:5000/', `a:${'v'.repeat(129)}`],
    ...['a@sha256:00', `a@${digest}0`, `a@x${digest}`, 'a'.repeat(256)],
  ])('%p is none', (text) => {
    expect(isImageName(text)).toBe(false);
    expect(parseImageName(text)).toBeNull();
  });

  it('may be long', () => {
    expect(isImageName('a'.repeat(255))).toBe(true);
  });

  it('of a version says which of the two it is', () => {
    expect([imageOf('1.2.3', 'small'), imageOf('1.2.3', 'full')]).toEqual([
      'balena-backup/duplicity:1.2.3',
      'balena-backup/duplicity:1.2.3-full',
    ]);
  });
});
